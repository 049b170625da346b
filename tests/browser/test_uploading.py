"""A seller's way from a file full of faults to a submitted dataset."""

import csv
import io

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import SELLERS
from tests.browser import census
from tests.browser.browsing import sign_in
from tests.browser.seeding import title_of

pytestmark = pytest.mark.browser

SELLER = SELLERS[0]
TITLE = title_of("uploading")


def with_faults(file: bytes) -> bytes:
    """Misspell a label in row 2, write words for a number in row 3, leave a needed cell empty in row 4."""
    header, *rows = csv.reader(io.StringIO(file.decode()))
    rows[0][header.index("sex")] = "Femal"
    rows[1][header.index("age")] = "thirty"
    rows[2][header.index("income")] = ""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def send(page, name, content):
    """Choose a file and send the form; returns the status of the answer."""
    page.get_by_label("Dataset name").fill("Payroll extract")
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Upload and check").click()
    return answered.value.status


def test_a_seller_mends_a_file_and_submits_it(site, browsing):
    browsing.expects_status(422)
    good = census.csv_of(0)
    page = browsing.page()

    sign_in(page, SELLER.email)
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Upload a file").click()

    assert send(page, "semicolons.csv", good.replace(b",", b";")) == 422
    problems = page.get_by_role("alert")
    expect(problems).to_be_focused()
    expect(problems.get_by_role("heading")).to_have_text("semicolons.csv: 1 problem to mend")
    expect(problems.get_by_role("listitem")).to_contain_text("The columns are separated by semicolons")
    expect(problems.get_by_role("listitem")).to_contain_text("Save the file as “CSV UTF-8 (comma delimited)”")

    assert send(page, "faults.csv", with_faults(good)) == 422
    expect(problems.get_by_role("heading")).to_have_text("faults.csv: 3 problems to mend")
    told = problems.get_by_role("listitem")
    expect(told.nth(0)).to_contain_text("Row 2, column sex, holds Femal")
    expect(told.nth(0).locator(".remedy")).to_contain_text("Female")
    expect(told.nth(1)).to_contain_text("Row 3, column age, holds thirty")
    expect(told.nth(1).locator(".remedy")).not_to_be_empty()
    expect(told.nth(2)).to_contain_text("Row 4, column income")
    expect(told.nth(2).locator(".remedy")).not_to_be_empty()
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()

    assert send(page, "good.csv", good) == 302
    expect(page.get_by_role("heading", level=1)).to_have_text("Payroll extract, version 1")
    numbers = page.get_by_role("region", name="Numbers")
    expect(numbers.get_by_role("row", name="age")).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted")

    page.get_by_role("link", name="Faircut").click()
    own = page.get_by_role("region", name="My datasets").get_by_role("row").filter(has_text=TITLE)
    expect(own).to_contain_text("Submitted")
    expect(own).to_contain_text(str(census.ROWS))
