"""What a buyer does between a first thought and a request that is ready to open."""

import csv
import io

from playwright.sync_api import expect

from marketplace.demo import adult

COLUMNS = ["age", "education-num", "hours-per-week", "sex", "income"]


def rows_of(part, rows):
    """A CSV file of a few columns of Adult."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(zip(*(part[name][:rows].to_pylist() for name in COLUMNS), strict=True))
    return {"name": "rows.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}


def keep(page):
    page.get_by_role("button", name="Keep and go on").click()


def begin(page, title):
    page.goto("/requests/")
    page.get_by_role("link", name="New request").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("What it is for").fill("We lend to households.")
    keep(page)


def describe_columns(page):
    page.get_by_label("File").set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": b"age,age\n1,2\n"})
    page.get_by_role("button", name="Read the columns").click()
    expect(page.get_by_role("alert")).to_contain_text("2 columns have this name")
    page.get_by_label("File").set_input_files(rows_of(adult.training_part(), 80))
    page.get_by_role("button", name="Read the columns").click()
    expect(page.get_by_role("status")).to_contain_text("5 columns were read from 80 rows")
    for name, least, greatest in (("age", "0", "120"), ("education-num", "", ""), ("hours-per-week", "0", "")):
        page.get_by_role("link", name=f"Edit {name}").click()
        page.get_by_label("Least number").fill(least)
        page.get_by_label("Greatest number").fill(greatest)
        page.get_by_role("button", name="Keep the column").click()
        expect(page.get_by_role("status")).to_contain_text(f"The column {name} is kept")
    page.get_by_role("link", name="Go on to the target").click()
    page.get_by_label("Target", exact=True).select_option("income")
    page.get_by_label("Classification: the target").check()
    keep(page)


def choose_model(page):
    page.get_by_label("Logistic regression: weighs").check()
    page.get_by_label("Balanced accuracy.").check()
    keep(page)
    page.get_by_label("Freedom (C)").evaluate("field => { field.form.noValidate = true }")
    page.get_by_label("Freedom (C)").fill("1e9")
    keep(page)
    expect(page.get_by_role("alert")).to_contain_text("may be at most 1000.")
    page.get_by_label("Freedom (C)").fill("0.5")
    keep(page)


def validate_and_budget(page):
    page.get_by_label("File").set_input_files(rows_of(adult.test_part(), 400))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("region", name="Classes of the target")).to_contain_text(">50K")
    page.get_by_role("link", name="Budget and precision").click()
    page.get_by_label("Pot", exact=True).fill("5000.00")
    keep(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Review before it opens")
