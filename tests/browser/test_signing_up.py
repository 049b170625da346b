"""A stranger becomes a seller who can be paid, with nothing but a browser and the mail folder."""

import pytest
from playwright.sync_api import expect

from tests.browser import joining
from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser


def test_from_sign_up_to_payout_details(site, browsing):
    page = browsing.page(**PHONE)
    page.goto("/")
    joining.sign_up(page, site.folder, full_name="Nadia North", address="nadia@north-clinic.example")
    joining.found(page, name="North Clinic", does="Sells data")
    assert beyond_the_window(page) == []

    joining.open_payout_details(page)
    browsing.expects_status(422)
    joining.give_payout_details(page, payee="North Clinic gGmbH", iban="DE89 3704 0044 0532 0310 00")
    expect(page.get_by_role("alert")).to_contain_text("a character is mistyped, or two are swapped")
    page.get_by_label("IBAN", exact=True).fill("DE89 3704 0044 0532 0130 00")
    page.get_by_role("button", name="Store the payout details").click()

    expect(page.get_by_text("DE89 … 3000").first).to_be_visible()
    expect(page.get_by_text("Commerzbank")).to_be_visible()
    assert beyond_the_window(page) == []
    page.goto("/")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
