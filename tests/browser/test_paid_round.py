"""A round as people do it: funding, watching, approval by another person, payment, and a seller's own result."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from marketplace.demo import totp
from marketplace.demo.browser import Person
from marketplace.demo.cast import PASSWORD, SELLERS, TRIGGER
from tests.browser import census
from tests.browser.browsing import PHONE, beyond_the_window, sign_in
from tests.browser.seeding import SECOND_APPROVER, title_of

pytestmark = pytest.mark.browser

TITLE = title_of("paid round")
POT = "10000.00"
# A precision that is out of reach, so that the valuation ends at its budget: some eight seconds on two quick cores,
# four refreshes of the page, and half a minute on slow ones.
PRECISION, BUDGET = "0.01", "200000"


@pytest.fixture
def submitted(site):
    """Three sellers have uploaded and submitted."""
    for place, part in enumerate(SELLERS[:3]):
        person = Person(site.url, part.email)
        person.sign_in(PASSWORD)
        page = person.send(
            f"/requests/{site.requests['paid round']}/upload/",
            "upload",
            {"name": "Payroll extract"},
            {"file": ("extract.csv", census.csv_of(place))},
        )
        person.send_form(page, "submit", {})


@pytest.fixture
def operator(browsing):
    """The operator works on a phone."""
    return browsing.page_of(TRIGGER.email, **PHONE)


@pytest.fixture
def approver(browsing):
    page = browsing.page()
    sign_in(page, SECOND_APPROVER, totp_secret=totp.APPROVER_SECRET)
    return page


def fund(page):
    page.goto("/requests/")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Fund").click()
    page.get_by_label("Amount").fill(POT)
    page.get_by_label("Bank reference").fill("BUYER-PAYS-ONCE")
    page.get_by_role("button", name="Record the payment").click()
    expect(page.get_by_role("status")).to_contain_text("10,000.00 EUR from the buyer is in the pot")


def start(page):
    page.get_by_role("link", name="Rounds").click()
    page.get_by_role("link", name="New round").first.click()
    page.get_by_role("region", name="Requests").get_by_role("link", name=TITLE).click()
    page.get_by_role("textbox", name="Pot", exact=True).fill(POT)
    page.get_by_label("Precision").fill(PRECISION)
    page.get_by_label("Budget").fill(BUDGET)
    page.get_by_role("button", name="Draft the round").click()
    page.get_by_role("button", name="Start the round").click()
    expect(page.get_by_role("heading", name="Valuation")).to_be_visible()


def watch_until_review(page):
    """Touch nothing: the page must ask for its figures, and show the review, by itself."""
    expect(page.get_by_text("Values so far")).to_be_visible()
    assert beyond_the_window(page) == []
    expect(page.locator(".page-head .badge")).to_have_text("In review", timeout=120_000)
    expect(page.get_by_text("The sum is proved.")).to_be_visible()


def approve_and_post(page, address):
    page.goto(address)
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("status")).to_contain_text("The round is approved")
    page.get_by_role("button", name="Post the round").click()
    expect(page.locator(".page-head .badge")).to_have_text("Posted")


def download_lines(page):
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV", exact=True).click()
    return list(csv.DictReader(io.StringIO(Path(started.value.path()).read_bytes().decode())))


def record_payments(page):
    page.reload()
    page.get_by_label("Bank reference").fill("OUR-BANK-PAID")
    page.get_by_role("button", name="Record the payments").click()
    expect(page.locator(".page-head .badge")).to_have_text("Paid")


def open_result(page):
    page.goto("/")
    page.get_by_role("link", name="My results").first.click()
    page.get_by_role("rowheader").get_by_role("link", name=TITLE).first.click()
    for step in page.locator(".chain summary").all():
        step.click()
    return page.locator("main").inner_text()


def as_shown(amount):
    return f"{amount:,.2f} EUR"


def test_a_round_from_funding_to_each_sellers_own_result(submitted, operator, approver, browsing):
    fund(operator)
    start(operator)
    watch_until_review(operator)
    expect(operator.get_by_text("You started this round. Somebody else has to approve it.")).to_be_visible()
    expect(operator.get_by_role("button", name="Approve the round")).to_have_count(0)

    approve_and_post(approver, operator.url)
    lines = download_lines(approver)
    record_payments(operator)

    amounts = {line["organization"]: Decimal(line["credit"]) - Decimal(line["debit"]) for line in lines}
    assert sum(amounts.values()) == 0
    assert amounts["Escrow of the round"] == -Decimal(POT)
    own, *others = [part.organization for part in SELLERS[:3]]
    assert all(amounts[name] > 0 for name in (own, *others))

    text = open_result(browsing.page_of(SELLERS[0].email))
    assert own in text
    assert f"You earned {as_shown(amounts[own])}" in text
    assert "balanced accuracy" in text
    lower, upper = next((line["amount_lower"], line["amount_upper"]) for line in lines if line["organization"] == own)
    assert f"between {as_shown(Decimal(lower))} and {as_shown(Decimal(upper))}" in text
    for name in others:
        assert name not in text
        assert as_shown(amounts[name]) not in text
