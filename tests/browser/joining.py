"""How people join: an account, an organisation, a place to be paid; with nothing but a browser and the mail folder."""

import re
import time
from pathlib import Path

from playwright.sync_api import expect

PASSWORD = "calm-otter-on-a-ridge"
WAIT_SECONDS = 15


def confirmation_mailed_to(folder: Path, address: str) -> str:
    """The link that confirms an address; the demo writes each mail as a file, an invitation too."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for mail in folder.glob("*"):
            text = mail.read_text()
            if f"To: {address}" in text and (found := re.search(r"http://\S+/confirm-email/\S+", text)):
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {address} in {folder}.")


def sign_up(page, folder: Path, *, full_name: str, address: str) -> None:
    """Sign up on the page that is open, and confirm by the link in the mail."""
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Full name").fill(full_name)
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    expect(page.get_by_text("it is the newest file in")).to_be_visible()
    page.goto(confirmation_mailed_to(folder / "mail", address))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text(f"Your address {address} is confirmed.")


def found(page, *, name: str, does: str) -> None:
    """Create an organisation that sells or buys."""
    page.get_by_role("link", name="Create an organisation").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label(does).check()
    page.get_by_role("button", name="Create the organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def open_payout_details(page) -> None:
    """From the first page to the form, the password given again."""
    page.goto("/")
    page.get_by_role("link", name="Give payout details").click()
    page.get_by_role("link", name="Give payout details").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def give_payout_details(page, *, payee: str, iban: str) -> None:
    """Fill the form that is open and send it."""
    fields = {
        "Payee": payee, "Street": "Hafenstraße", "Building number (optional)": "12 b", "Postcode": "20457",
        "Town": "Hamburg", "IBAN": iban,
    }  # fmt: skip
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Store the payout details").click()
