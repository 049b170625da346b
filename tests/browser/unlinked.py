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
from marketplace.demo.cast import BUYER, PASSWORD, SELLERS, TRIGGER
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
ACCOUNT = {
    "addresses": "/accounts/email/",
    "another password": "/accounts/password/change/",
    "sign out": "/accounts/logout/",
}
SECOND_FACTOR = {
    "second factor": "/accounts/2fa/",
    "second factor again": "/accounts/2fa/reauthenticate/",
    "recovery codes": "/accounts/2fa/recovery-codes/",
}
INVITED = "rosa@larkfield.example"
# Nobody signs in as this one during the walk: that would end the link.
FORGETFUL = SELLERS[-1].email
# Three files alike are three pairs.
FINDINGS = re.compile(r"(?:/copies/[0-9a-f-]{36}/.*?){3}", re.DOTALL)
JOINING = "karl@larkfield.example"
WAIT_SECONDS = 30


@dataclass(frozen=True)
class Prepared:
    """Addresses by the name of what is there."""

    invitation: str
    confirmation: str
    new_password: str
    upload: str
    upload_ready: str
    finding: str
    findings_together: str


def prepare(site_url: str, mail: Path, *, copied: str, uploaded: str) -> Prepared:
    """Have links mailed, upload a file with faults and one without, and give one file three times: findings wait."""
    people = first, second, _ = [Person(site_url, part.email) for part in SELLERS[:3]]
    operator = _operator(site_url)
    for person in people:
        person.sign_in(PASSWORD)
    _invite(first)
    _ask_for_links(site_url, FORGETFUL)
    draft = _upload(first, uploaded, census.csv_of(0).replace(b"Female", b"woman", 1), "faults.csv")
    ready = _upload(second, uploaded, census.csv_of(1), "ready.csv")
    for person in people:
        checked = _upload(person, copied, census.csv_of(0), "same.csv")
        person.send_form(checked, "submit", {})
    found = _found(lambda: FINDINGS.search(operator.get("/copies/").text))
    every = re.findall(r"/copies/([0-9a-f-]{36})/", found)
    return Prepared(
        invitation=_found(lambda: _mailed(mail, INVITED, r"/invitations/[^\s/]+/")),
        confirmation=_found(lambda: _mailed(mail, JOINING, r"/accounts/confirm-email/[^\s/]+/")),
        new_password=_found(lambda: _mailed(mail, FORGETFUL, r"/accounts/password/reset/key/[^\s/]+/")),
        upload=draft.url.removeprefix(site_url),
        upload_ready=ready.url.removeprefix(site_url),
        finding=f"/copies/{every[0]}/",
        findings_together=f"/copies/together/?finding={every[0]}&finding={every[1]}",
    )


def stop_at_code(page: Page, email: str) -> None:
    """Sign in with the password alone: the page that asks for the code of the authenticator app is open."""
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")


def prove_password(page: Page) -> None:
    """Give the password once more; afterwards payout details and the authenticator app can be changed."""
    page.goto("/accounts/2fa/totp/activate/")
    if page.get_by_role("heading", level=1).inner_text() == "Confirm that it is you":
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up the authenticator app")


def prove_again(page: Page) -> None:
    """Give the second factor once more, as its own pages want it; afterwards they open."""
    page.goto(f"{SECOND_FACTOR['second factor again']}?next={SECOND_FACTOR['recovery codes']}")
    page.get_by_label("Code").fill(code_of(totp.APPROVER_SECRET))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


def make_key(page: Page) -> None:
    """Make a key, and leave the page open that shows it for the only time."""
    page.goto("/keys/")
    page.get_by_label("Name").fill("Ledger of the house")
    page.get_by_label("Client").fill("Accounting")
    page.get_by_label("Read posted rounds and their audit figures").check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="The key Ledger of the house")).to_be_visible()


def ask_for_quote(site_url: str, request_id: str) -> None:
    """Let the buyer try its model, and wait for what it says."""
    buyer = Person(site_url, BUYER.email)
    buyer.sign_in(PASSWORD)
    address = f"/requests/{request_id}/quote/"
    buyer.send(address, "quote", {"sellers": "3", "rows_per_seller": "100"})
    _found(lambda: re.search("What a valuation costs", buyer.get(address).text))


def start_valuation(site_url: str, request_id: str) -> str:
    """Start a round that values until it is cancelled, and return its id once its page has intervals to show."""
    operator = _operator(site_url)
    operator.send(f"/requests/{request_id}/fund/", "fund", {"amount": POT, "bank_reference": "VALUING"})
    terms = {"request": request_id, "pot": POT, "seed": "4", "precision": "0.01", "evaluations_max": str(10**9)}
    page = operator.send(f"/rounds/new/?request={request_id}", "new", terms)
    operator.send_form(page, "trigger", {})
    _found(lambda: re.search("<dd>± .*interval of the computation", operator.get(page.url).text, re.DOTALL))
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


def _ask_for_links(site_url: str, member: str) -> None:
    """Ask for a new password for a member, and sign somebody new up."""
    stranger = Person(site_url, JOINING)
    stranger.send("/accounts/password/reset/", "reset", {"email": member})
    fields = {"full_name": "Karl Joining", "email": JOINING, "password1": PASSWORD, "password2": PASSWORD}
    stranger.send("/accounts/signup/", "signup", fields)


def _mailed(folder: Path, to: str, link: str) -> re.Match | None:
    texts = [text for mail in folder.glob("*") if f"To: {to}" in (text := mail.read_text())]
    return next((found for text in texts if (found := re.search(link, text))), None)


def _found(look) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while (match := look()) is None:
        assert time.monotonic() < deadline, "What the walk waits for did not come."
        time.sleep(0.2)
    return match.group()
