"""Every page of every role, by day and by night: WCAG by axe, nothing wider than the window, nothing on the console.

`make screenshots` walks the same way and keeps a picture of each page, in two themes and two widths.
"""

import os
import signal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from marketplace.demo import totp
from marketplace.demo.cast import BUYER, SELLERS, TRIGGER
from tests.browser.browsing import PHONE, beyond_the_window
from tests.browser.seeding import WITH_RECOVERY_CODES
from tests.browser.site_map import walk
from tests.browser.unlinked import (
    ACCOUNT,
    ENTRANCES,
    SECOND_FACTOR,
    ask_for_quote,
    cancel_valuation,
    make_key,
    prepare,
    prove_again,
    prove_password,
    show_refusals,
    start_valuation,
    stop_at_code,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

DESK = {"viewport": {"width": 1280, "height": 900}}
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # every node that passed would be sent from the browser as well
}
# The tests look once at each theme and each width; pictures are taken of all four.
LOOKS = {"light": ("light", DESK), "dark": ("dark", PHONE)}
ALL_DRAWN = """() => [...document.querySelectorAll("figure[data-chart]")].every(
    (chart) => !chart.checkVisibility() || chart.classList.contains("chart-drawn"))"""
REMOVAL = "/organisations/:id/members/:id/remove/"
PICTURES = os.environ.get("FAIRCUT_SCREENSHOTS", "")
if PICTURES:
    LOOKS |= {"light-phone": ("light", PHONE), "dark-desk": ("dark", DESK)}
ROLES = {
    "stranger": None,
    "seller": SELLERS[0].email,
    "other seller": SELLERS[1].email,
    "buyer": BUYER.email,
    "operator": TRIGGER.email,
    "approver": WITH_RECOVERY_CODES,
}
SECRETS = {WITH_RECOVERY_CODES: totp.APPROVER_SECRET}


@pytest.fixture(scope="module")
def named(site, story, reviewed_round, paid_round):
    """What each role opens besides what links lead to, on a site in which every kind of page has something to show."""
    draft = f"/requests/{site.requests['draft']}/draft/"
    valued = f"/requests/{site.requests['pages']}/"
    drafted_round = story.draft_round(seed=3, precision="15", bank_reference="DRAFTED")
    made = prepare(site.url, site.folder / "mail", copied=site.requests["copies"], uploaded=site.requests["pages"])
    ask_for_quote(site.url, site.requests["pages"])
    valued_round = start_valuation(site.url, site.requests["pages"])
    # It would take both cores from the browser for as long as the walks last; nothing that they open needs a worker.
    os.killpg(site.worker, signal.SIGSTOP)
    yield {
        "stranger": {
            "no such page": "/no-such-page/",
            "invitation": made.invitation,
            "address confirmed by link": made.confirmation,
            "new password": made.new_password,
            **ENTRANCES,
        },
        "seller": {"upload": made.upload, "not for sellers": "/rounds/", **ACCOUNT},
        "other seller": {"upload ready": made.upload_ready},
        "buyer": {
            "request": valued,
            "results": f"{valued}results/",
            "quote": f"{valued}quote/",
            "draft": f"/requests/{site.requests['draft']}/",
            "draft to delete": f"{draft}delete/",
            "draft to open": f"{draft}review/",
            "parameters": f"{draft}parameters/",
        },
        "operator": {
            "round that is valued": f"/rounds/{valued_round}/",
            "round in draft": f"/rounds/{drafted_round}/",
            "round paid": f"/rounds/{paid_round}/",
            "round in review": f"/rounds/{reviewed_round}/",
            "round to draft": f"/rounds/new/?request={site.requests['pages']}",
            "finding": made.finding,
            "findings together": made.findings_together,
        },
        "approver": {
            "round to approve": f"/rounds/{reviewed_round}/",
            "payments": f"/rounds/{paid_round}/payments/",
            **SECOND_FACTOR,
        },
    }
    os.killpg(site.worker, signal.SIGCONT)
    cancel_valuation(site.url, valued_round)


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_read_by_everybody(look, named, browsing):
    scheme, window = LOOKS[look]
    browsing.expects_status(403)
    browsing.expects_status(404)
    faults, seen = {}, set()
    pages = {role: page_of(browsing, email, color_scheme=scheme, **window) for role, email in ROLES.items()}
    half_in = browsing.page(color_scheme=scheme, **window)
    stop_at_code(half_in, WITH_RECOVERY_CODES)
    faults |= faults_of(half_in, "stranger", "second factor at sign-in", look)
    for role, page in pages.items():
        refusals = show_refusals(page) if role == "stranger" else {}
        if role == "seller":
            prove_password(page)
        if role == "approver":  # the last one: by now the code of the sign-in, which is taken once, is an old one
            prove_again(page)
            make_key(page)
            faults |= faults_of(page, role, "key made", look)
        for kind in walk(page, role, seen, named[role] | refusals):
            faults |= faults_of(page, role, kind, look)

    assert faults == {}
    assert {"/rounds/", "/rounds/new/", "/accounts/2fa/totp/activate/", REMOVAL} <= seen
    assert len(seen) > 70, "the walk lost its way"


def faults_of(page, role, kind, look):
    """What is wrong with the open page, by what it is; its picture is kept where pictures are wanted."""
    faults = {}
    draw_charts(page)
    keep_picture(page, role, kind, look)
    if beyond := beyond_the_window(page):
        faults[f"{role} {kind} is too wide"] = beyond
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true })")
    draw_charts(page)
    for violation in Axe().run(page, options=WCAG).response["violations"]:
        places = [node["html"][:160] for node in violation["nodes"][:3]]
        faults[f"{role} {kind}: {violation['help']}"] = places
    return faults


def draw_charts(page):
    """Bring every chart in sight into view once, so that it is drawn."""
    for chart in page.locator("figure[data-chart]:visible").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function(ALL_DRAWN)
    page.evaluate("scrollTo(0, 0)")


def page_of(browsing, email, **options):
    if email is None:
        return browsing.page(**options)
    return browsing.page_of(email, totp_secret=SECRETS.get(email), **options)


def keep_picture(page, role, kind, look):
    if not PICTURES:
        return
    name = kind.strip("/").translate(str.maketrans("/ ", "__", ":")) or "home"
    folder = Path(PICTURES) / role
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.{look}.png", full_page=True)
