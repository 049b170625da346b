"""Pages that no link leads to, or only in the middle of something: what must be there, and where they are."""

import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, expect

from marketplace.demo import totp
from marketplace.demo.browser import Person
from marketplace.demo.cast import PASSWORD, SELLERS, TRIGGER
from marketplace.demo.story import POT
from tests.browser import census
from tests.browser.browsing import code_of

REFUSALS = ("400", "403", "403_csrf", "413", "429", "500")
ENTRANCES = {
    "address to confirm": "/accounts/confirm-email/",
    "mail for a password": "/accounts/password/reset/done/",
    "spent link for a password": "/accounts/password/reset/key/1-spent/",
    "spent invitation": "/invitations/spent/",
}
ACCOUNT = {"addresses": "/accounts/email/", "another password": "/accounts/password/change/"}
SECOND_FACTOR = {
    "second factor": "/accounts/2fa/",
    "second factor again": "/accounts/2fa/reauthenticate/",
    "recovery codes": "/accounts/2fa/recovery-codes/",
}
INVITED = "rosa@larkfield.example"
WAIT_SECONDS = 30


@dataclass(frozen=True)
class Prepared:
    """Addresses by the name of what is there."""

    invitation: str
    upload: str
    finding: str


def prepare(site_url: str, mail: Path, *, copied: str, uploaded: str) -> Prepared:
    """Invite a colleague, upload a file with faults, and give one file twice, so that a finding of copies is open."""
    first, second = (Person(site_url, part.email) for part in SELLERS[:2])
    operator = _operator(site_url)
    for person in (first, second):
        person.sign_in(PASSWORD)
    _invite(first)
    draft = _upload(first, uploaded, census.csv_of(0).replace(b"Female", b"woman", 1), "faults.csv")
    for person in (first, second):
        checked = _upload(person, copied, census.csv_of(0), "same.csv")
        person.send_form(checked, "submit", {})
    finding = _found(lambda: re.search(r"/copies/[0-9a-f-]{36}/", operator.get("/copies/").text))
    return Prepared(invitation=_found(lambda: _mailed(mail)), upload=draft.url.removeprefix(site_url), finding=finding)


def prove_again(page: Page) -> None:
    """Give the second factor once more, as its own pages want it; afterwards they open."""
    page.goto(f"{SECOND_FACTOR['second factor again']}?next={SECOND_FACTOR['recovery codes']}")
    page.get_by_label("Code").fill(code_of(totp.APPROVER_SECRET))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


def start_valuation(site_url: str, request_id: str) -> str:
    """Start a round that values until it is cancelled, and return its id."""
    operator = _operator(site_url)
    operator.send(f"/requests/{request_id}/fund/", "fund", {"amount": POT, "bank_reference": "VALUING"})
    terms = {"request": request_id, "pot": POT, "seed": "4", "precision": "0.01", "evaluations_max": str(10**9)}
    page = operator.send("/rounds/new/", "new", terms)
    operator.send_form(page, "trigger", {})
    return page.url.rstrip("/").rpartition("/")[2]


def cancel_valuation(site_url: str, round_id: str) -> None:
    _operator(site_url).send(f"/rounds/{round_id}/", "cancel", {"reason": "It was only looked at."})


def show_refusals(page: Page) -> dict[str, str]:
    """Let the browser find each page of an error at an address of its own, as the site would have sent it."""
    addresses = {f"error {name}": f"/errors/{name}/" for name in REFUSALS}
    for name in REFUSALS:
        body = render_to_string(f"{name}.html", {"limit": 1_000_000, "request_id": "0f1d36f0"})
        page.route(f"**/errors/{name}/", partial(_answer, body))
    return addresses


def _operator(site_url: str) -> Person:
    operator = Person(site_url, TRIGGER.email)
    operator.sign_in(PASSWORD)
    return operator


def _answer(body: str, route: Route) -> None:
    route.fulfill(body=body, content_type="text/html")


def _invite(person: Person) -> None:
    organization = re.search(r"/organisations/\d+/", person.get("/organisations/").text)
    person.send(organization.group(), "invite", {"email": INVITED, "roles": ["seller"]})


def _upload(person: Person, request_id: str, content: bytes, name: str):
    return person.send(f"/requests/{request_id}/upload/", "upload", {"name": "Extract"}, {"file": (name, content)})


def _mailed(folder: Path) -> re.Match | None:
    texts = (mail.read_text() for mail in folder.glob("*"))
    return next((re.search(r"/invitations/[^\s/]+/", text) for text in texts if f"To: {INVITED}" in text), None)


def _found(look) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while (match := look()) is None:
        assert time.monotonic() < deadline, "What the walk waits for did not come."
        time.sleep(0.2)
    return match.group()
