"""What a stack holds before the journeys begin: the demo's cast, three more operators, and a request a journey.

`seed()` runs in a process of its own, because the browser's event loop forbids Django's ORM in the tests' process.
"""

import json
import sys

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.demo import adult, cast, story, totp
from marketplace.models import Organization, Role, User
from marketplace.services import accounts, drafts
from payouts.services import profiles
from payouts.services.profiles import PayoutDetails

JOURNEYS = ("uploading", "paid round", "keyboard", "without scripts", "copies", "pages")
VALIDATION_ROWS = 600
# An authenticator's code is taken once, so the demo's approver cannot sign in twice within half a minute.
SECOND_APPROVER = "theo@browser.example"
WITHOUT_SECOND_FACTOR = "iris@browser.example"
WITH_RECOVERY_CODES = "mira@browser.example"


def seed() -> None:
    """Create everybody and everything, and write the id of each journey's request as JSON."""
    cast.seed()
    approver = _operator(SECOND_APPROVER, "Theo Marsh")
    TOTP.activate(approver, totp.APPROVER_SECRET)
    _operator(WITHOUT_SECOND_FACTOR, "Iris Novak")
    secured = _operator(WITH_RECOVERY_CODES, "Mira Holt")
    TOTP.activate(secured, totp.APPROVER_SECRET)
    RecoveryCodes.activate(secured)
    for seller, iban in zip(cast.SELLERS[:3], cast.SELLER_IBANS, strict=False):
        _give_payout_details(seller, iban)
    requests = {journey: _open_request(title_of(journey)) for journey in JOURNEYS}
    json.dump(requests | {"draft": _draft_request()}, sys.stdout)


def title_of(journey: str) -> str:
    return f"Census rows for the journey: {journey}"


def _operator(email: str, full_name: str) -> User:
    user = accounts.create_person(email=email, full_name=full_name, password=cast.PASSWORD, by=None, is_demo=True)
    operations = Organization.objects.get(name=cast.TRIGGER.organization)
    accounts.add_member(organization=operations, user=user, role=Role.OPERATOR, by=None)
    return user


def _give_payout_details(seller: cast.Part, iban: str) -> None:
    """Say where a seller's money goes, as the demo's sellers do: without it nothing is sent to them."""
    organization = Organization.objects.get(name=seller.organization)
    details = PayoutDetails(**story.ADDRESS, payee_name=seller.organization, iban=iban)
    profiles.give(organization=organization, details=details, by=User.objects.get(email=seller.email))


def _open_request(title: str) -> str:
    """Open the demo's request once more, with fewer validation rows: a valuation then takes seconds."""
    return str(cast.open_request(title=title, validation_rows=VALIDATION_ROWS).pk)


def _draft_request() -> str:
    """Every step of a guided request done but the last: nobody has opened it."""
    by = User.objects.get(email=cast.BUYER.email)
    buyer = Organization.objects.get(name=cast.BUYER.organization)
    draft = drafts.start(buyer=buyer, title=title_of("draft"), description=cast.REQUEST_DESCRIPTION, by=by)
    rows = adult.validation_csv(seed=0, rows=VALIDATION_ROWS)
    drafts.take_columns(request=draft, file=SimpleUploadedFile("sample.csv", rows), by=by)
    draft.refresh_from_db()
    drafts.set_target(request=draft, target=adult.TARGET, task=adult.TASK, by=by)
    drafts.set_model(request=draft, task=adult.TASK, model_spec=adult.MODEL_SPEC, metric=adult.METRIC, by=by)
    draft.refresh_from_db()
    drafts.set_validation(request=draft, file=SimpleUploadedFile("validation.csv", rows), by=by)
    return str(draft.pk)
