"""The main job, played through the real edges: every step is a page, a form or an API call that anybody could make."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from marketplace.demo import adult, totp
from marketplace.demo.browser import Person, RefusedError, words_of
from marketplace.demo.cast import APPROVER, PASSWORD, SELLER_IBANS, SELLERS, TRIGGER
from marketplace.demo.profiles import Seller

POT = "10000.00"
PRECISION_PERCENT = "1.5"
SCOPES = ["rounds:read", "lines:read"]
EVALUATIONS_MAX = "200000"
ADDRESS = {"street": "Harbour Road", "building_number": "1", "postcode": "50667", "town": "Cologne", "country": "DE"}
POLL_SECONDS = 0.5
VALUING_SECONDS_MAX = 900
WAVE = re.compile(
    r"Wave (?P<wave>\d+) Evaluations per second [\d\s]+ Widest share interval (not known yet|±\s[\d.]+\s%)"
)


class Story:
    """One paid round. What has been reached is kept in a file, so that a second start goes on from there."""

    def __init__(
        self, site_url: str, request_id: str, sellers: Sequence[Seller], memory: Path, say: Callable[[str], None]
    ) -> None:
        self.site_url = site_url
        self.request_id = request_id
        self.sellers = sellers
        self._memory = memory
        self._say = say
        self.seconds: dict[str, float] = {}

    def play(self, *, seed: int) -> dict[str, Any]:
        """Bring the round to its end and return what the API says of it."""
        if "submitted" not in self._reached():
            self.bring_data()
            self._remember(submitted=True)
        if "round" not in self._reached():
            self._remember(round=self.draft_round(seed=seed))
        round_id = self._reached()["round"]
        if "paid" not in self._reached():
            self.trigger(round_id)
            self.wait_for_review(round_id)
            self.approve_and_pay(round_id)
            self._remember(paid=True)
        if "api_key" not in self._reached():
            self._remember(api_key=self._make_key())
        return self._fetch(round_id, self._reached()["api_key"])

    def bring_data(self) -> None:
        """Every seller signs in, says where the money goes, uploads a file and submits it."""
        with self._stage("uploading and checking"):
            for part, seller, iban in zip(SELLERS, self.sellers, SELLER_IBANS, strict=True):
                person = Person(self.site_url, part.email)
                person.sign_in(PASSWORD)
                page = person.send(
                    f"/requests/{self.request_id}/upload/",
                    "upload",
                    {"name": "Census extract"},
                    {"file": (f"{seller.profile.code}.csv", adult.seller_csv(seller))},
                )
                # An earlier start may have come this far: the same bytes give the version that was submitted then.
                if "/submit/" in page.text:
                    person.send_form(page, "submit", {})
                self._give_payout_details(person, part.organization, iban)
                self._say(f"  {part.organization}: {len(seller.row_numbers):,} rows uploaded and submitted")

    def _give_payout_details(self, person: Person, organization: str, iban: str) -> None:
        """Say where the money goes, unless an earlier start of the demo did: the first page asks for it until then."""
        missing = re.search(r"/organisations/\d+/payout-details/", person.get("/").text)
        if missing is None:
            return
        page = person.get(f"{missing.group()}change/")
        if "/reauthenticate/" in page.url:  # money is at stake, so the password is asked for again
            page = person.send_form(page, "reauthenticate", {"password": PASSWORD})
        person.send_form(page, "change", ADDRESS | {"payee_name": organization, "iban": iban})

    def draft_round(
        self, *, seed: int, precision: str = PRECISION_PERCENT, bank_reference: str = "DEMO-FUNDING-1"
    ) -> str:
        """The operator records the buyer's payment and drafts a round over it; returns the round's id."""
        operator = self._operator()
        with self._stage("funding"):
            funding = {"amount": POT, "bank_reference": bank_reference}
            operator.send(f"/requests/{self.request_id}/fund/", "fund", funding)
            terms = {"request": self.request_id, "pot": POT, "seed": str(seed), "precision": precision}
            terms |= {"evaluations_max": EVALUATIONS_MAX}
            page = operator.send(f"/rounds/new/?request={self.request_id}", "new", terms)
        return _round_id(page)

    def trigger(self, round_id: str) -> None:
        """The operator starts the valuation, unless an earlier start of the demo did.

        Raises:
            RefusedError: The round is still a draft afterwards; the message holds the page's reason.
        """
        operator = self._operator()
        with self._stage("triggering"):
            page = operator.get(f"/rounds/{round_id}/")
            if "/trigger/" in page.text:
                page = operator.send_form(page, "trigger", {})
        if "/trigger/" in page.text:
            raise RefusedError(f"The round was not triggered: {words_of(page.text)}")

    def wait_for_review(self, round_id: str) -> None:
        """Watch the round's page until the valuation has ended.

        Raises:
            RefusedError: The valuation failed, or takes implausibly long.
        """
        operator = self._operator()
        deadline = time.monotonic() + VALUING_SECONDS_MAX
        told = ""
        with self._stage("valuing"):
            # The page asks for this fragment itself, as long as it carries an `hx-get`.
            while "hx-get" in (fragment := operator.get(f"/rounds/{round_id}/progress/").text):
                wave = WAVE.search(words_of(fragment))
                if wave and wave["wave"] != told:
                    told = wave["wave"]
                    self._say(f"  {wave.group()}")
                if time.monotonic() > deadline:
                    raise RefusedError(f"The round is still valuing after {VALUING_SECONDS_MAX} s.")
                time.sleep(POLL_SECONDS)

    def approve_and_pay(self, round_id: str) -> None:
        """Another person than the one who triggered approves and posts; the operator confirms the bank's payment."""
        with self._stage("approving, posting, paying"):
            approver = Person(self.site_url, APPROVER.email)
            approver.sign_in(PASSWORD, totp_secret=totp.APPROVER_SECRET)
            page = approver.get(f"/rounds/{round_id}/")
            for step in ("approve", "post"):
                if f"/{step}/" in page.text:
                    page = approver.send_form(page, step, {})
            if "/paid/" in page.text:
                self._operator().send(f"/rounds/{round_id}/", "paid", {"bank_reference": "DEMO-PAYMENT-0001"})

    def _operator(self) -> Person:
        operator = Person(self.site_url, TRIGGER.email)
        operator.sign_in(PASSWORD)
        return operator

    def _make_key(self) -> str:
        page = self._operator().send("/keys/", "keys", {"name": "Demo", "client": "Accounting", "scopes": SCOPES})
        match = re.search(r"fck_[A-Za-z0-9_-]+", page.text)
        if match is None:
            raise RefusedError("The keys page showed no key.")
        return match.group()

    def _fetch(self, round_id: str, api_key: str) -> dict[str, Any]:
        with self._stage("fetching over REST"):
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer {api_key}"
            found: dict[str, Any] = {}
            for name, path in (("round", f"rounds/{round_id}"), ("lines", f"rounds/{round_id}/lines.json")):
                response = session.get(f"{self.site_url}/api/v1/{path}", timeout=60)
                response.raise_for_status()
                found[name] = response.json()
            csv = session.get(f"{self.site_url}/api/v1/rounds/{round_id}/lines.csv", timeout=60)
            csv.raise_for_status()
        return {**found, "csv": csv.text}

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started

    def _reached(self) -> dict[str, Any]:
        return json.loads(self._memory.read_text()) if self._memory.exists() else {}

    def _remember(self, **steps: Any) -> dict[str, Any]:
        reached = self._reached() | steps
        self._memory.touch(mode=0o600)
        self._memory.write_text(json.dumps(reached))
        return reached


def _round_id(page: requests.Response) -> str:
    match = re.search(r"/rounds/([0-9a-f-]{36})/", page.url)
    if match is None:
        raise RefusedError(f"Triggering the round led to {page.url}.")
    return match.group(1)
