"""A seller's way from a file full of faults to a submitted dataset."""

import csv
import io
import re

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


def foreign(file: bytes) -> bytes:
    """The file as an office in another country exports it: its own name for one column, semicolons, Latin-1."""
    header, *rows = csv.reader(io.StringIO(file.decode()))
    sex = header.index("sex")
    labels = ["Alter" if name == "age" else name.upper().replace("_", " ").replace("-", " ") for name in header]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([*labels, "Straße"])
    writer.writerows([*row[:sex], row[sex].upper(), *row[sex + 1 :], "Mühlgasse"] for row in rows)
    return text.getvalue().encode("latin-1")


def send(page, button, name, content):
    """Choose a file and send the form; returns the status of the answer."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name=button).click()
    return answered.value.status


def open_upload(page, seller):
    sign_in(page, seller.email)
    page.get_by_role("link", name=TITLE).first.click()
    page.get_by_role("link", name="Upload a file").first.click()


def test_a_seller_mends_a_file_and_submits_it(site, browsing):
    browsing.expects_status(422)
    good = census.csv_of(0)
    page = browsing.page()
    open_upload(page, SELLER)

    page.get_by_label("Dataset name").fill("Payroll extract")
    assert send(page, "Upload and check", "payroll.xlsx", b"PK\x03\x04") == 422
    problems = page.get_by_role("alert")
    expect(problems).to_be_focused()
    expect(problems.get_by_role("heading")).to_have_text("payroll.xlsx: 1 problem to mend")
    expect(problems.get_by_role("listitem")).to_contain_text("a ZIP archive or an Excel workbook")
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()
    expect(page.get_by_label("Dataset name")).to_have_value("Payroll extract")

    assert send(page, "Upload and check", "faults.csv", with_faults(good)) == 201
    expect(problems.get_by_role("heading")).to_have_text("faults.csv: 3 problems to mend")
    expect(problems).to_be_focused()
    told = problems.get_by_role("listitem")
    expect(told.nth(0)).to_contain_text("Row 2, column sex, holds Femal")
    expect(told.nth(0).locator(".remedy")).to_contain_text("Female")
    expect(told.nth(1)).to_contain_text("Row 3, column age, holds thirty")
    expect(told.nth(1).locator(".remedy")).not_to_be_empty()
    expect(told.nth(2)).to_contain_text("Row 4, column income")
    expect(told.nth(2).locator(".remedy")).not_to_be_empty()

    assert send(page, "Upload and check again", "good.csv", good) == 201
    expect(page.get_by_role("heading", level=1)).to_have_text("good.csv")
    expect(page.get_by_text("3 are mended and 0 are left; 0 are new.")).to_be_visible()
    numbers = page.get_by_role("region", name="Numbers")
    expect(numbers.get_by_role("row", name="age")).to_be_visible()
    expect(numbers.get_by_role("img", name="age: most rows from")).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payroll extract, version 1")

    page.get_by_role("link", name="Faircut").click()
    own = page.get_by_role("region", name="My datasets").get_by_role("row").filter(has_text=TITLE)
    expect(own).to_contain_text("Submitted")
    expect(own).to_contain_text(str(census.ROWS))


def test_a_foreign_file_is_mended_in_the_wizard(site, browsing):
    page = browsing.page()
    open_upload(page, SELLERS[3])

    page.get_by_label("Dataset name").fill("Ausland")
    assert send(page, "Upload and check", "auszug.csv", foreign(census.csv_of(3))) == 201

    expect(page.get_by_role("heading", level=1)).to_have_text("How we read auszug.csv")
    expect(page.get_by_label("What separates the columns")).to_have_value(";")
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    rows = page.get_by_role("region", name="The first rows")
    expect(rows.get_by_role("cell", name="Mühlgasse").first).to_be_visible()
    page.get_by_label("Encoding").select_option("cp1250")
    page.get_by_role("button", name="Show the rows again").click()
    expect(page.get_by_label("Encoding")).to_have_value("cp1250")
    page.get_by_label("Encoding").select_option("iso-8859-1")
    page.get_by_role("button", name="Continue to the columns").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Match the columns")
    expect(page.get_by_text("Left out, as nobody asks for them: Alter, Straße.")).to_be_visible()
    page.goto("/")  # leaving and coming back changes nothing
    page.get_by_role("link", name=TITLE).first.click()
    page.get_by_role("link", name="auszug.csv").click()
    age = page.get_by_label("age", exact=True)
    age.select_option(age.locator("option").filter(has_text="Alter").get_attribute("value"))
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_role("alert").get_by_role("heading")).to_have_text(
        re.compile(r"auszug.csv: \d+ problems to mend")
    )
    expect(page.get_by_text("“MALE” as “Male”")).to_be_visible()
    page.get_by_role("button", name="Read them so").click()
    expect(page.get_by_text(f"{census.ROWS} rows, no problem.")).to_be_visible()
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("status")).to_contain_text("is submitted")
    expect(page.get_by_text("CSV, columns separated by semicolons (;), Latin-1 (ISO 8859-1)")).to_be_visible()
