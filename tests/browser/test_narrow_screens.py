"""No page scrolls sideways, on a phone by day and by night, and none is lost on a very wide screen."""

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import SELLERS, TRIGGER
from tests.browser.browsing import PHONE, WIDE, beyond_the_window

pytestmark = pytest.mark.browser

BRIGHTNESS = """() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""


@pytest.fixture
def pages(site, paid_round):
    """Who looks at which address."""
    request = f"/requests/{site.requests['pages']}/"
    return {
        None: ["/", "/accounts/login/"],
        SELLERS[0].email: ["/", "/requests/", request, f"{request}upload/", "/results/", f"/results/{paid_round}/"],
        TRIGGER.email: [
            *("/", request, f"{request}fund/", "/rounds/", "/rounds/new/"),
            *(f"/rounds/new/?request={site.requests['pages']}", f"/rounds/{paid_round}/", "/keys/"),
        ],
    }


@pytest.mark.parametrize(("scheme", "window"), [("light", PHONE), ("dark", PHONE), ("light", WIDE)])
def test_no_page_is_wider_than_its_window(scheme, window, pages, browsing):
    too_wide = {}
    for email, addresses in pages.items():
        options = {"color_scheme": scheme, **window}
        page = browsing.page(**options) if email is None else browsing.page_of(email, **options)
        for address in addresses:
            page.goto(address)
            if beyond := beyond_the_window(page):
                too_wide[f"{email} {address}"] = beyond

    assert too_wide == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_dataset_is_no_wider_than_a_phone(scheme, story, browsing):
    page = browsing.page_of(SELLERS[0].email, color_scheme=scheme, **PHONE)
    page.goto("/")
    page.get_by_role("region", name="My datasets").get_by_role("link", name="Census extract").first.click()
    for folded in page.locator("details").all():
        folded.evaluate("element => { element.open = true }")

    expect(page.get_by_role("heading", name="Numbers")).to_be_visible()
    assert beyond_the_window(page) == []


def test_the_theme_follows_the_system_until_one_is_chosen(browsing):
    page = browsing.page(color_scheme="dark")
    page.goto("/")
    assert page.evaluate(BRIGHTNESS) < 0.2

    page.get_by_role("button", name="Use light colours").click()
    page.reload()

    assert page.evaluate(BRIGHTNESS) > 0.8
    expect(page.get_by_role("button", name="Use dark colours")).to_be_visible()
