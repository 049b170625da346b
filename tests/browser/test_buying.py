"""A buyer's way from nothing to an open, funded request with a quote."""

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import BUYER, TRIGGER
from tests.browser import asking
from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser

QUOTE_MS = 120_000


def get_a_quote(page):
    """Ask, wait, and return the request's address."""
    page.get_by_role("link", name="Try the model on 100 rows first").click()
    page.get_by_label("Sellers").fill("3")
    page.get_by_label("Rows of each").fill("100")
    page.get_by_role("button", name="Try the model").click()
    expect(page.get_by_role("region", name="Cost by precision")).to_contain_text("wanted", timeout=QUOTE_MS)
    return page.url.removesuffix("quote/")


def test_a_buyer_opens_a_request_with_a_quote_and_sees_it_funded(site, browsing):
    browsing.expects_status(422)
    page = browsing.page_of(BUYER.email)
    asking.begin(page, "Rows of people, from the journey of a buyer")
    asking.describe_columns(page)
    asking.choose_model(page)
    asking.validate_and_budget(page)
    request_url = get_a_quote(page)

    page.goto(f"{request_url}draft/review/")
    expect(page.get_by_text("cannot change any more")).to_be_visible()
    page.get_by_role("button", name="Open the request").click()
    expect(page.get_by_role("status")).to_contain_text("The request is open")

    operator = browsing.page_of(TRIGGER.email)
    operator.goto(f"{request_url}fund/")
    operator.get_by_label("Amount").fill("5000.00")
    operator.get_by_label("Bank reference").fill("BUYER JOURNEY 1")
    operator.get_by_role("button", name="Record the payment").click()
    expect(operator.get_by_role("status")).to_contain_text("is in the pot")

    phone = browsing.page_of(BUYER.email, **PHONE)
    for address in ("", "fund/", "quote/"):
        phone.goto(f"{request_url}{address}")
        assert beyond_the_window(phone) == []
    page.goto(f"{request_url}fund/")
    expect(page.get_by_role("region", name="History of the pot")).to_contain_text("BUYER JOURNEY 1")
