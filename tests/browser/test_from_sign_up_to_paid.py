"""The whole product once, by strangers: a buyer, two sellers and two operators, from sign-up to paid."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from marketplace.demo import adult
from tests.browser import asking, joining
from tests.browser.browsing import code_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TITLE = "Rows for a lender, from strangers"
IBANS = ("DE62370400440532013001", "DE35370400440532013002")


@pytest.fixture
def buyer(site, browsing):
    page = browsing.page()
    page.goto("/")
    joining.sign_up(page, site.folder, full_name="Berta Lind", address="berta@lender.example")
    joining.found(page, name="Lind Lending", does="Buys data")
    return page


@pytest.fixture
def sellers(site, browsing):
    pages = []
    for number, iban in enumerate(IBANS, start=1):
        page = browsing.page()
        page.goto("/")
        joining.sign_up(page, site.folder, full_name=f"Sara {number}", address=f"sara{number}@rows.example")
        joining.found(page, name=f"Rows and Sons {number}", does="Sells data")
        joining.open_payout_details(page)
        joining.give_payout_details(page, payee=f"Rows and Sons {number}", iban=iban)
        pages.append(page)
    return pages


@pytest.fixture
def operators(site, browsing):
    """Two operators who came by invitation; the first of an installation is invited by a command."""
    pages = []
    for name in ("olga", "oscar"):
        address = f"{name}@operations.example"
        page = browsing.page()
        page.goto(invitation_to(site, address))
        joining.sign_up(page, site.folder, full_name=name.title(), address=address)
        page.goto("/")
        page.get_by_role("link", name="invitation").first.click()
        page.get_by_role("button", name="Act for").click()
        pages.append(page)
    return pages


def invitation_to(site, address):
    command = [sys.executable, "manage.py", "invite_operator", address]
    return subprocess.run(command, env=site.environment, capture_output=True, text=True, check=True).stdout.strip()


def open_request(page):
    """The buyer's part; returns the request's address."""
    asking.begin(page, TITLE)
    asking.describe_columns(page)
    asking.choose_model(page)
    asking.validate_and_budget(page)
    page.get_by_role("button", name="Open the request").click()
    expect(page.get_by_role("status")).to_contain_text("The request is open")
    return page.url


def bring_rows(page, place):
    page.goto("/requests/")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Upload a file").first.click()
    page.get_by_label("Dataset name").fill("Own rows")
    rows = adult.training_part().slice(500 * place, 90)
    page.locator("input[type=file]").set_input_files(asking.rows_of(rows, 90))
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("is submitted")


def value(page, request_url):
    """The first operator's part: the buyer's payment, a draft, the start; returns the round's address."""
    page.goto(f"{request_url}fund/")
    page.get_by_label("Amount").fill("5000.00")
    page.get_by_label("Bank reference").fill("STRANGERS-1")
    page.get_by_role("button", name="Record the payment").click()
    page.goto("/rounds/new/")
    page.get_by_role("region", name="Requests").get_by_role("link", name=TITLE).click()
    page.get_by_role("textbox", name="Pot", exact=True).fill("5000.00")
    page.get_by_label("Precision").fill("10")
    page.get_by_role("button", name="Draft the round").click()
    page.get_by_role("button", name="Start the round").click()
    expect(page.locator(".page-head .badge")).to_have_text("In review", timeout=120_000)
    return page.url


def approve_and_post(page, round_url):
    """The second operator's part: a second factor first, then the signature."""
    page.goto(round_url)
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Confirm|Set up"))
    if page.get_by_label("Password").count():
        page.get_by_label("Password").fill(joining.PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_text("type this key into the app").locator("code").inner_text()
    page.get_by_label("code").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()
    recovery_code = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="Back to what you were doing").click()
    page.get_by_role("button", name="Approve the round").click()
    page.get_by_label("code").fill(recovery_code)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("status")).to_contain_text("The round is approved")
    page.get_by_role("button", name="Post the round").click()
    expect(page.locator(".page-head .badge")).to_have_text("Posted")


def pay(page):
    page.reload()
    page.get_by_label("Bank reference").fill("BANK-PAYS-STRANGERS")
    page.get_by_role("button", name="Record the payments").click()
    expect(page.locator(".page-head .badge")).to_have_text("Paid")


def test_strangers_trade_rows_and_are_paid(buyer, sellers, operators, browsing):
    browsing.expects_status(422)  # the buyer mistypes twice
    request_url = open_request(buyer)
    for place, seller in enumerate(sellers):
        bring_rows(seller, place)

    first, second = operators
    approve_and_post(second, value(first, request_url))
    pay(first)

    for seller in sellers:
        seller.goto("/results/")
        seller.get_by_role("rowheader").get_by_role("link", name=TITLE).click()
        expect(seller.locator("main")).to_contain_text(re.compile(r"[1-9][\d,]*\.\d\d EUR"))
        seller.goto("/results/")
        seller.get_by_role("link", name="Statement").first.click()
        expect(seller.locator("main")).to_contain_text("Closing balance")
    buyer.goto(f"{request_url}results/")
    expect(buyer.locator("main")).to_contain_text("Seller 1")
