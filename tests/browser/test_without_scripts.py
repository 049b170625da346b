"""Where scripts do not run, pages still read and forms still work."""

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import SELLERS, TRIGGER
from tests.browser import census
from tests.browser.browsing import sign_in
from tests.browser.seeding import title_of

pytestmark = pytest.mark.browser


def test_a_seller_uploads_and_submits_without_scripts(browsing):
    browsing.expects_status(422)
    page = browsing.page(java_script_enabled=False)
    sign_in(page, SELLERS[2].email)
    page.get_by_role("link", name=title_of("without scripts")).click()
    page.get_by_role("link", name="Upload a file").click()

    page.get_by_label("Dataset name").fill("Farm extract")
    page.get_by_label("File").set_input_files({"name": "empty.csv", "mimeType": "text/csv", "buffer": b""})
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("alert").get_by_role("heading")).to_have_text("empty.csv: 1 problem to mend")

    page.get_by_label("Dataset name").fill("Farm extract")
    file = {"name": "extract.csv", "mimeType": "text/csv", "buffer": census.csv_of(2)}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("extract.csv")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted")


def test_rounds_and_results_read_without_scripts(paid_round, browsing):
    operator = browsing.page_of(TRIGGER.email, java_script_enabled=False)
    operator.goto("/rounds/")
    operator.locator(f"a[href='/rounds/{paid_round}/']").click()
    expect(operator.get_by_text("The sum is proved.")).to_be_visible()
    for part in SELLERS:
        expect(operator.get_by_role("region", name="Lines of the round")).to_contain_text(part.organization)

    seller = browsing.page_of(SELLERS[0].email, java_script_enabled=False)
    seller.goto("/results/")
    seller.locator(f"a[href='/results/{paid_round}/']").click()
    expect(seller.get_by_role("heading", name="How this came about")).to_be_visible()
    expect(seller.get_by_role("main")).to_contain_text(SELLERS[0].organization)
