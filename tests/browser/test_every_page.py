"""Every page of every role, by day and by night: WCAG by axe, nothing wider than the window, nothing on the console.

`make screenshots` walks the same way and keeps a picture of each page, in two themes and two widths.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from marketplace.demo.cast import BUYER, SELLERS, TRIGGER
from tests.browser.browsing import PHONE, beyond_the_window
from tests.browser.site_map import walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

DESK = {"viewport": {"width": 1280, "height": 900}}
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# The tests look once at each theme and each width; pictures are taken of all four.
LOOKS = {"light": ("light", DESK), "dark": ("dark", PHONE)}
PICTURES = os.environ.get("FAIRCUT_SCREENSHOTS", "")
if PICTURES:
    LOOKS |= {"light-phone": ("light", PHONE), "dark-desk": ("dark", DESK)}
ROLES = {"stranger": None, "seller": SELLERS[0].email, "buyer": BUYER.email, "operator": TRIGGER.email}
# What no link leads to.
STARTS = {"stranger": ("/", "/no-such-page/"), "operator": ("/",)}


@pytest.fixture
def lively(reviewed_round, paid_round):
    """A site in which every kind of page has something to show."""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_read_by_everybody(look, lively, browsing):
    scheme, window = LOOKS[look]
    browsing.expects_status(404)
    axe, faults, seen = Axe(), {}, set()
    for role, email in ROLES.items():
        options = {"color_scheme": scheme, **window}
        page = browsing.page(**options) if email is None else browsing.page_of(email, **options)
        for kind in walk(page, role, seen, STARTS.get(role, ("/",))):
            keep_picture(page, role, kind, look)
            if beyond := beyond_the_window(page):
                faults[f"{role} {kind} is too wide"] = beyond
            page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true })")
            for violation in axe.run(page, options=WCAG).response["violations"]:
                places = [node["html"][:160] for node in violation["nodes"][:3]]
                faults[f"{role} {kind}: {violation['help']}"] = places

    assert faults == {}
    assert len(seen) > 20, "the walk lost its way"


def keep_picture(page, role, kind, look):
    if not PICTURES:
        return
    name = kind.strip("/").replace("/", "_").replace(":", "") or "home"
    folder = Path(PICTURES) / role
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.{look}.png", full_page=True)
