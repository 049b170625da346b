"""Who stands behind which seller, and what hints at it, as operators decide it."""

from collections import defaultdict
from dataclasses import dataclass

from marketplace.models import AuditEvent, Organization, Role
from payouts.models import PayoutRound
from payouts.selectors.money.profiles import current_profiles


@dataclass(frozen=True)
class SellerOwner:
    """One selling organisation: its owner where one is linked, who it owns, and who shares its bank account."""

    organization: Organization
    fronts: list[Organization]
    shares_account_with: list[Organization]
    reason: str


def seller_owners() -> list[SellerOwner]:
    """Every selling organisation by name; those that share a bank account and are not linked come first."""
    sellers = list(
        Organization.objects.filter(memberships__role=Role.SELLER)
        .distinct()
        .select_related("beneficial_owner")
        .prefetch_related("fronts")
        .order_by("name")
    )
    sharing = _sharing_an_account()
    reasons = _reasons()
    rows = [
        SellerOwner(
            organization=seller,
            fronts=list(seller.fronts.all()),
            shares_account_with=[other for other in sharing[seller.pk] if other.owner_key != seller.owner_key],
            reason=reasons.get(str(seller.pk), "") if seller.beneficial_owner_id else "",
        )
        for seller in sellers
    ]
    return sorted(rows, key=lambda row: not row.shares_account_with)


def possible_owners(organization: Organization) -> list[Organization]:
    """Whom an organisation may be linked to: everybody else who has no owner, those with its bank account first."""
    others = Organization.objects.exclude(pk=organization.pk).filter(
        beneficial_owner=None, memberships__role=Role.SELLER
    )
    hinted = {other.pk for other in _sharing_an_account()[organization.pk]}
    return sorted(others.distinct().order_by("name"), key=lambda other: other.pk not in hinted)


def _sharing_an_account() -> dict[int, list[Organization]]:
    """By organisation, the others whose payouts go to the same IBAN."""
    by_iban: dict[str, list[Organization]] = defaultdict(list)
    for profile in current_profiles().order_by("organization__name"):
        by_iban[profile.iban].append(profile.organization)
    sharing: dict[int, list[Organization]] = defaultdict(list)
    for organizations in by_iban.values():
        for organization in organizations:
            sharing[organization.pk] = [other for other in organizations if other.pk != organization.pk]
    return sharing


def _reasons() -> dict[str, str]:
    """By organisation, why it was last linked."""
    linked = AuditEvent.objects.filter(action="owner.linked").order_by("at")
    return {event.subject_id: event.data.get("reason", "") for event in linked}


def owner_of_each(payout_round: PayoutRound) -> dict[int, int]:
    """By organisation, its owner as the round's lines have it: linking accounts later changes no old round."""
    return dict(payout_round.lines.values_list("organization_id", "owner_key"))


def sellers_by_owner(payout_round: PayoutRound) -> dict[int, list[str]]:
    """The names of each owner's accounts in a round, as its lines were computed; in the lines' order."""
    names: dict[int, list[str]] = {}
    for line in payout_round.lines.select_related("organization").order_by("number"):
        names.setdefault(line.owner_key, []).append(line.organization.name)
    return names
