"""What a stack holds before the journeys begin: the demo's cast, two more operators, and a request a journey.

`seed()` runs in a process of its own, because the browser's event loop forbids Django's ORM in the tests' process.
"""

import json
import sys

from allauth.mfa.totp.internal.auth import TOTP

from marketplace.demo import cast, totp
from marketplace.models import Organization, Role, User
from marketplace.services import accounts

JOURNEYS = ("uploading", "paid round", "keyboard", "without scripts", "pages")
VALIDATION_ROWS = 600
# An authenticator's code is taken once, so the demo's approver cannot sign in twice within half a minute.
SECOND_APPROVER = "theo@browser.example"
WITHOUT_SECOND_FACTOR = "iris@browser.example"


def seed() -> None:
    """Create everybody and everything, and write the id of each journey's request as JSON."""
    cast.seed()
    approver = _operator(SECOND_APPROVER, "Theo Marsh")
    TOTP.activate(approver, totp.APPROVER_SECRET)
    _operator(WITHOUT_SECOND_FACTOR, "Iris Novak")
    json.dump({journey: _open_request(title_of(journey)) for journey in JOURNEYS}, sys.stdout)


def title_of(journey: str) -> str:
    return f"Census rows for the journey: {journey}"


def _operator(email: str, full_name: str) -> User:
    user = accounts.create_person(email=email, full_name=full_name, password=cast.PASSWORD, by=None, is_demo=True)
    operations = Organization.objects.get(name=cast.TRIGGER.organization)
    accounts.add_member(organization=operations, user=user, role=Role.OPERATOR, by=None)
    return user


def _open_request(title: str) -> str:
    """Open the demo's request once more, with fewer validation rows: a valuation then takes seconds."""
    return str(cast.open_request(title=title, validation_rows=VALIDATION_ROWS).pk)
