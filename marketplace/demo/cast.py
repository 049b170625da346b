"""Who plays in the demo: a buyer with a request, two operators, five sellers. Seeding twice changes nothing."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from marketplace.demo import adult, totp
from marketplace.demo.profiles import TABLE_4
from marketplace.models import DataRequest, Organization, Role, User
from marketplace.services import accounts, drafts

PASSWORD = "faircut-demo-2026"  # noqa: S105 - printed in the README; production settings refuse these accounts
REQUEST_TITLE = "Census rows that tell high earners"
REQUEST_DESCRIPTION = (
    "We lend to households and want rows that help a simple model tell who earns more than 50 000 USD a year. "
    "What your rows add to its balanced accuracy on our 5 000 validation rows decides your share of the pot."
)
VALIDATION_SEED = 0
VALIDATION_ROWS = 5_000
POT_MINOR = 1_000_000


@dataclass(frozen=True)
class Part:
    """One person of the demo, and whom they act for."""

    email: str
    full_name: str
    organization: str
    role: Role


BUYER = Part("buyer@demo.example", "Bea Whitlock", "Harrow Lending Analytics", Role.BUYER)
TRIGGER = Part("operator@demo.example", "Omar Fielding", "Faircut operations", Role.OPERATOR)
APPROVER = Part("approver@demo.example", "Ada Castellan", "Faircut operations", Role.OPERATOR)
SELLERS = tuple(
    Part(f"seller{number}@demo.example", f"Seller {number} of the demo", profile.name, Role.SELLER)
    for number, profile in enumerate(TABLE_4, start=1)
)

# Their check digits are right, and no bank has given them to anybody.
SELLER_IBANS = (
    "DE62370400440532013001",
    "DE35370400440532013002",
    "DE08370400440532013003",
    "DE78370400440532013004",
    "DE51370400440532013005",
)


def seed() -> DataRequest:
    """Create the people and the buyer's open request where they are missing."""
    for part in (BUYER, TRIGGER, APPROVER, *SELLERS):
        _enter(part)
    approver = User.objects.get(email=APPROVER.email)
    if not Authenticator.objects.filter(user=approver, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(approver, totp.APPROVER_SECRET)
    return DataRequest.objects.filter(title=REQUEST_TITLE).first() or open_request()


def _enter(part: Part) -> None:
    user = User.objects.filter(email=part.email).first() or accounts.create_person(
        email=part.email, full_name=part.full_name, password=PASSWORD, by=None, is_demo=True
    )
    accounts.confirm_address(user=user)
    organization = Organization.objects.filter(name=part.organization).first() or accounts.create_organization(
        name=part.organization, by=None
    )
    accounts.add_member(organization=organization, user=user, role=part.role, by=None)


def open_request(
    *,
    title: str = REQUEST_TITLE,
    description: str = REQUEST_DESCRIPTION,
    validation_rows: int = VALIDATION_ROWS,
) -> DataRequest:
    """Open a request for Adult rows in the buyer's name, by the steps that every buyer takes."""
    by = User.objects.get(email=BUYER.email)
    buyer = Organization.objects.get(name=BUYER.organization)
    validation = adult.validation_csv(seed=VALIDATION_SEED, rows=validation_rows)
    # A start that breaks down half way leaves no draft that the next one would take for the request.
    with transaction.atomic():
        draft = drafts.start(buyer=buyer, title=title, description=description, by=by)
        for column in adult.request_schema()["columns"]:
            drafts.set_column(request=draft, place=None, column=column, by=by)
        drafts.set_target(request=draft, target=adult.TARGET, task=adult.TASK, by=by)
        drafts.set_model(request=draft, task=adult.TASK, model_spec=adult.MODEL_SPEC, metric=adult.METRIC, by=by)
        draft.refresh_from_db()
        drafts.set_validation(request=draft, file=SimpleUploadedFile("validation.csv", validation), by=by)
        drafts.set_budget(
            request=draft,
            pot_minor=POT_MINOR,
            currency="EUR",
            precision_target=draft.precision_target,
            evaluations_max=draft.evaluations_max,
            by=by,
        )
        return drafts.open_draft(request=draft, by=by)
