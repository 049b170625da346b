"""Payout details as pages show them, and what operators should know before money is sent to them."""

from dataclasses import dataclass

import pycountry
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from marketplace.basics.figures import clock
from marketplace.models import Organization
from payouts.core.bank_accounts import read_iban
from payouts.models import LineRelease, PayoutLine, PayoutProfile


@dataclass(frozen=True)
class Hold:
    """Why money of an organisation cannot be sent now: for operators, for the seller, and what ends it."""

    state: PayoutLine.State
    sentence: str
    next_step: str
    ends_by: LineRelease.Reason


def current_profiles() -> QuerySet[PayoutProfile]:
    """The last version of every organisation's payout details."""
    last = PayoutProfile.objects.filter(organization=OuterRef("organization")).order_by("-version")
    return PayoutProfile.objects.filter(pk=Subquery(last.values("pk")[:1])).select_related("organization")


def current(organization: Organization) -> PayoutProfile | None:
    """The payout details that count now."""
    return current_profiles().filter(organization=organization).first()


def country_in_words(profile: PayoutProfile) -> str:
    """The country's name, as far as ISO 3166 has one."""
    country = pycountry.countries.get(alpha_2=profile.country)
    return country.name if country else profile.country


def history(organization: Organization) -> QuerySet[PayoutProfile]:
    """All versions, the newest first."""
    return PayoutProfile.objects.filter(organization=organization).select_related("given_by").order_by("-version")


def is_cooling_down(profile: PayoutProfile) -> bool:
    return profile.cool_down_until > timezone.now()


def bank_name(profile: PayoutProfile) -> str:
    """The bank by the national register, or nothing where that does not list it."""
    return read_iban(profile.iban).bank_name


def hold_of(organization: Organization) -> Hold | None:
    """What holds an organisation's money now; None where it can be sent."""
    profile = current(organization)
    if profile is None:
        return Hold(
            PayoutLine.State.ACTION_REQUIRED,
            sentence="No payout details are given: the amount is credited and cannot be sent yet.",
            next_step="Give your payout details; then it is sent.",
            ends_by=LineRelease.Reason.DETAILS_GIVEN,
        )
    if is_cooling_down(profile):
        until = clock(profile.cool_down_until)
        return Hold(
            PayoutLine.State.HELD,
            sentence=f"The payout details were changed on {clock(profile.given_at)}; nothing is sent to them before "
            f"{until}.",
            next_step=f"Your payout details were changed, so it is not sent before {until}. "
            "If that was no colleague of yours, put the right details back.",
            ends_by=LineRelease.Reason.PAUSE_OVER,
        )
    return None


def checks(organization: Organization) -> list[str]:
    """What speaks against sending money to an organisation now, in plain sentences; nothing where nothing does."""
    profile, hold = current(organization), hold_of(organization)
    sentences = [hold.sentence] if hold else []
    if profile is None:
        return sentences
    sharing = current_profiles().filter(iban=profile.iban).exclude(organization=organization)
    if names := sorted(sharing.values_list("organization__name", flat=True)):
        sentences.append(f"The bank account is also that of {' and '.join(names)}.")
    return sentences
