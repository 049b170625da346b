"""What sellers and operators do can be done without a mouse."""

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import PASSWORD, SELLERS, TRIGGER
from tests.browser import census
from tests.browser.seeding import title_of

pytestmark = pytest.mark.browser

TABS_MAX = 40


def tab_to(page, target):
    """Press Tab until the element has the focus, as somebody would who sees where it is."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            expect(target).to_be_in_viewport()
            return
    pytest.fail(f"{TABS_MAX} tabs do not reach {target}")


def test_a_seller_signs_in_uploads_and_submits_by_keyboard(browsing, tmp_path):
    file = tmp_path / "extract.csv"
    file.write_bytes(census.csv_of(1))
    page = browsing.page()
    # Playwright lets Chromium open its own dialog unless somebody listens, and tells it of a listener without waiting:
    # one that comes only just before the key press may come too late.
    page.on("filechooser", lambda _: None)

    page.goto("/accounts/login/")
    tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type(SELLERS[1].email)
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()

    tab_to(page, page.get_by_role("link", name=title_of("keyboard")))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Upload a file"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Dataset name"))
    page.keyboard.type("Staffing extract")
    tab_to(page, page.get_by_label("File"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    tab_to(page, page.get_by_role("button", name="Upload and check"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("extract.csv")

    tab_to(page, page.get_by_role("button", name="Submit"))
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_contain_text("is submitted")


def test_an_operator_drafts_a_round_and_gives_it_up_by_keyboard(browsing):
    page = browsing.page_of(TRIGGER.email)
    page.goto("/")

    tab_to(page, page.get_by_role("banner").get_by_role("link", name="Rounds"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="New round").first)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("region", name="Requests").get_by_role("link", name=title_of("keyboard")))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("textbox", name="Pot", exact=True))
    page.keyboard.type("12.50")
    page.keyboard.press("Enter")
    expect(page.get_by_text("the round needs 12.50 EUR")).to_be_visible()

    tab_to(page, page.get_by_text("Give the round up?"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("drafted by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Why it ended: drafted by keyboard")).to_be_visible()


def test_the_first_tab_skips_the_header(browsing):
    page = browsing.page_of(SELLERS[1].email)
    page.goto("/")
    skip = page.get_by_role("link", name="Skip to the content")
    page.keyboard.press("Tab")

    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_account_menu_opens_and_signs_out_by_keyboard(browsing, sign_ins):
    page = browsing.page_of(SELLERS[4].email)
    del sign_ins[SELLERS[4].email]  # signing out ends the session that other tests would share
    page.goto("/")

    menu = page.get_by_role("banner").locator("summary")
    tab_to(page, menu)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
