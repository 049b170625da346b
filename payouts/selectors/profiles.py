"""Payout details as pages show them, and what operators should know before money is sent to them."""

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from marketplace.models import Organization
from marketplace.templatetags.figures import clock
from payouts.core.bank_accounts import read_iban
from payouts.models import PayoutProfile


def current_profiles() -> QuerySet[PayoutProfile]:
    """The last version of every organisation's payout details."""
    last = PayoutProfile.objects.filter(organization=OuterRef("organization")).order_by("-version")
    return PayoutProfile.objects.filter(pk=Subquery(last.values("pk")[:1])).select_related("organization")


def current(organization: Organization) -> PayoutProfile | None:
    """The payout details that count now."""
    return current_profiles().filter(organization=organization).first()


def history(organization: Organization) -> QuerySet[PayoutProfile]:
    """All versions, the newest first."""
    return PayoutProfile.objects.filter(organization=organization).select_related("given_by").order_by("-version")


def without_profile(organizations: Iterable[Organization]) -> list[Organization]:
    """Those that could not be paid today."""
    organizations = list(organizations)
    given = set(PayoutProfile.objects.filter(organization__in=organizations).values_list("organization_id", flat=True))
    return [organization for organization in organizations if organization.pk not in given]


def is_cooling_down(profile: PayoutProfile) -> bool:
    return profile.cool_down_until > timezone.now()


def bank_name(profile: PayoutProfile) -> str:
    """The bank by the national register, or nothing where that does not list it."""
    return read_iban(profile.iban).bank_name


def checks(organization: Organization) -> list[str]:
    """What speaks against sending money to an organisation now, in plain sentences; nothing where nothing does."""
    profile = current(organization)
    if profile is None:
        return ["No payout details are given: the amount is credited and cannot be sent yet."]
    sentences = []
    if is_cooling_down(profile):
        sentences.append(
            f"The payout details were changed on {clock(profile.given_at)}; "
            f"nothing should be sent to them before {clock(profile.cool_down_until)}."
        )
    sharing = current_profiles().filter(iban=profile.iban).exclude(organization=organization)
    if names := sorted(sharing.values_list("organization__name", flat=True)):
        sentences.append(f"The bank account is also that of {' and '.join(names)}.")
    return sentences
