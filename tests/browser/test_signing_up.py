"""A stranger becomes a seller who can be paid, with nothing but a browser and the mail folder."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser

ADDRESS = "nadia@north-clinic.example"
PASSWORD = "calm-otter-on-a-ridge"
WAIT_SECONDS = 15


def link_mailed_to(folder: Path, address: str) -> str:
    """The link of the one mail to an address; the demo writes each mail as a file."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for mail in folder.glob("*"):
            text = mail.read_text()
            if f"To: {address}" in text and (found := re.search(r"http://\S+", text)):
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {address} in {folder}.")


def test_from_sign_up_to_payout_details(site, browsing):
    page = browsing.page(**PHONE)
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Full name").fill("Nadia North")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    expect(page.get_by_text("it is the newest file in")).to_be_visible()

    page.goto(link_mailed_to(site.folder / "mail", ADDRESS))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text(f"Your address {ADDRESS} is confirmed.")

    page.get_by_role("link", name="Create an organisation").click()
    page.get_by_label("Name").fill("North Clinic")
    page.get_by_label("Sells data").check()
    page.get_by_role("button", name="Create the organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("North Clinic")
    assert beyond_the_window(page) == []

    page.goto("/")
    page.get_by_role("link", name="Give payout details").click()
    page.get_by_role("link", name="Give payout details").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    fields = {
        "Payee": "North Clinic gGmbH", "Street": "Hafenstraße", "Building number": "12 b", "Postcode": "20457",
        "Town": "Hamburg", "IBAN": "DE89 3704 0044 0532 0310 00",
    }  # fmt: skip
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country").select_option("DE")
    browsing.expects_status(422)
    page.get_by_role("button", name="Store the payout details").click()
    expect(page.get_by_role("alert")).to_contain_text("a character is mistyped, or two are swapped")
    page.get_by_label("IBAN", exact=True).fill("DE89 3704 0044 0532 0130 00")
    page.get_by_role("button", name="Store the payout details").click()

    expect(page.get_by_text("DE89 … 3000").first).to_be_visible()
    expect(page.get_by_text("Commerzbank")).to_be_visible()
    assert beyond_the_window(page) == []
    page.goto("/")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
