"""Payout details of sellers: checked, kept as versions, and loud when they change."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.basics.figures import clock
from marketplace.basics.names import visible
from marketplace.models import Organization, User
from marketplace.services import events, notices, organizations
from marketplace.web.site import address
from payouts.core.bank_accounts import masked, read_iban
from payouts.models import PayoutProfile


@dataclass(frozen=True)
class PayoutDetails:
    """What a seller gives: who is paid, where they live, into which account."""

    payee_name: str
    street: str
    building_number: str
    postcode: str
    town: str
    country: str
    iban: str


@transaction.atomic
def give(*, organization: Organization, details: PayoutDetails, by: User) -> PayoutProfile:
    """Store the next version of an organisation's payout details; the same details again change nothing.

    Another payee or account starts the cool-down: whoever took over a seller's sign-in must not be paid before the
    seller has read the e-mail about it. First details replace nobody's, and start none.

    Raises:
        IbanError: The account number is no IBAN.
        ValidationError: Nothing of a field can be seen, or it is too long or no country code.
    """
    organization = organizations.lock(organization.pk)
    account = read_iban(details.iban)
    current = PayoutProfile.objects.filter(organization=organization).order_by("-version").first()
    # Each is one line of a bank's form and of an e-mail, whatever was pasted.
    given = {name: visible(value) for name, value in vars(details).items()} | {"iban": account.iban}
    if current is not None and all(getattr(current, name) == value for name, value in given.items()):
        return current
    profile = PayoutProfile(
        organization=organization,
        version=current.version + 1 if current else 1,
        given_by=by,
        cool_down_until=_cool_down_until(current, given),
        **given,
    )
    # Houses without a number exist, and ISO 20022 asks for none.
    unnumbered = set() if profile.building_number else {"building_number"}
    profile.full_clean(exclude={"organization", "given_by", *unnumbered})
    profile.save()
    events.record(
        action="payout_profile.changed" if current else "payout_profile.given",
        subject=organization,
        by=by,
        data={"version": profile.version, "iban": masked(profile.iban)},
    )
    _tell(profile, current, by)
    return profile


def _cool_down_until(current: PayoutProfile | None, given: dict[str, str]) -> dt.datetime:
    now = timezone.now()
    if current is None:
        return now
    if (current.payee_name, current.iban) == (given["payee_name"], given["iban"]):
        return current.cool_down_until
    return now + dt.timedelta(hours=settings.FAIRCUT_PROFILE_COOL_DOWN_HOURS)


def _tell(profile: PayoutProfile, before: PayoutProfile | None, by: User) -> None:
    organization = profile.organization
    account = f"{profile.payee_name}, {masked(profile.iban)}"
    where = address("payouts:profile", organization.pk)
    if before is None:
        what = f"{by.full_name} gave the payout details of {organization.name}: {account}."
    else:
        what = (
            f"{by.full_name} changed the payout details of {organization.name} from {before.payee_name}, "
            f"{masked(before.iban)} to {account}."
        )
    hours = settings.FAIRCUT_PROFILE_COOL_DOWN_HOURS
    pause = ""
    if before is None:
        pause = (
            "\n\nThey are the first, so there is nothing to wait for: money is sent to them at once. Another payee or "
            f"account later pauses payments for {hours} hours."
        )
    elif profile.cool_down_until > timezone.now():
        pause = (
            f"\n\nNothing is sent to the new details before {clock(profile.cool_down_until)}. What is earned until "
            "then is held, and released by itself."
        )
    notices.notify(
        organization=organization,
        kind="payout_details_changed",
        subject=f"payout details of {organization.name} {'were changed' if before else 'are given'}",
        body=f"{what}{pause}\n\nIf that was no colleague of yours, set a new password, put the right details back and "
        f"remove whoever should not be a member:\n\n{where}",
        key=f"payout_profile:{profile.pk}",
    )
