"""What is on which account."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.models import DataRequest
from payouts.models import LedgerAccount, LedgerEntry, LedgerTransaction, PayoutLine, PayoutRound

FUNDING = LedgerTransaction.Reason.FUNDING
# What moves a pot, in the buyer's words; anything else keeps its own.
_MOVES = {
    FUNDING: "Payment of the buyer",
    LedgerTransaction.Reason.ESCROW: "Taken by a round that started",
    LedgerTransaction.Reason.ESCROW_RETURN: "Returned by a round that ended unpaid",
    LedgerTransaction.Reason.UNALLOCATED: "Returned: no seller earned it",
}


@dataclass(frozen=True)
class Pot:
    """What is in a pot, what was paid into it in all, and what the buyer announced (None where nothing)."""

    available_minor: int
    announced_minor: int | None
    paid_in_minor: int

    @property
    def taken_minor(self) -> int:
        """What rounds took of it and have not given back."""
        return self.paid_in_minor - self.available_minor

    @property
    def missing_minor(self) -> int:
        """What of the announced pot was never paid in."""
        return max(0, (self.announced_minor or 0) - self.paid_in_minor)


@dataclass(frozen=True)
class PotMove:
    """One movement of a pot, and what was in it afterwards."""

    transaction: LedgerTransaction
    amount_minor: int
    after_minor: int

    @property
    def words(self) -> str:
        """What happened."""
        reason = self.transaction.reason
        return _MOVES.get(LedgerTransaction.Reason(reason), self.transaction.get_reason_display())


def pot_available_minor(request: DataRequest) -> int:
    """What the buyer has paid in and no round has taken, as a positive amount."""
    return -_sum(account__kind=LedgerAccount.Kind.POT, account__request=request)


def with_pots(requests: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
    """Requests that carry `available_minor`, the same figure as `pot_available_minor`, in one query for all."""
    return requests.annotate(available_minor=available_in_pot("pk"))


def available_in_pot(request_field: str) -> Coalesce:
    """The same figure as an expression over rows that name their request in this field."""
    pots = (
        LedgerEntry.objects.filter(account__kind=LedgerAccount.Kind.POT, account__request=OuterRef(request_field))
        .values("account__request")
        .annotate(total=Sum(-F("amount_minor")))
        .values("total")
    )
    return Coalesce(Subquery(pots, output_field=BigIntegerField()), 0)


def requests_for_rounds() -> QuerySet[DataRequest]:
    """Requests that a round can be drafted over, those with money in the pot first."""
    opened = DataRequest.objects.exclude(state__in=DataRequest.UNOPENED)
    requests: QuerySet[Any] = with_pots(opened)
    return requests.select_related("buyer").order_by("-available_minor", "-created_at")


def escrow_minor(payout_round: PayoutRound) -> int:
    """What a round has taken and not yet posted, as a positive amount."""
    return -_sum(account__kind=LedgerAccount.Kind.ESCROW, account__round=payout_round)


def carried_lines(currency: str) -> QuerySet[PayoutLine]:
    """Lines of settled rounds that were below a minimum and still wait on their sellers' balances."""
    return PayoutLine.objects.filter(
        state=PayoutLine.State.BELOW_MINIMUM,
        amount_minor__gt=0,
        round__currency=currency,
        round__state__in=PayoutRound.SETTLED,
    )


def carried_minor(currency: str) -> dict[str, int]:
    """By today's beneficial owner, as the cores name owners: what was carried over and not sent yet."""
    sums: Counter[str] = Counter()
    for line in carried_lines(currency).select_related("organization"):
        sums[str(line.organization.owner_key)] += line.amount_minor
    return dict(sums)


def _sum(**conditions: object) -> int:
    return int(LedgerEntry.objects.filter(**conditions).aggregate(total=Sum("amount_minor", default=0))["total"])


def pot_of(request: DataRequest) -> Pot:
    """The pot of a request as its ledger account has it, beside what the buyer announced."""
    moved = [-entry.amount_minor for entry in _pot_entries(request)]
    return Pot(
        available_minor=sum(moved),
        announced_minor=request.pot_minor,
        paid_in_minor=sum(-entry.amount_minor for entry in _pot_entries(request).filter(transaction__reason=FUNDING)),
    )


def pot_history(request: DataRequest) -> list[PotMove]:
    """Every movement of a request's pot, the newest first, each with what was in the pot after it."""
    after, moves = 0, []
    for entry in _pot_entries(request).select_related("transaction__by"):
        after -= entry.amount_minor
        moves.append(PotMove(entry.transaction, -entry.amount_minor, after))
    return moves[::-1]


def _pot_entries(request: DataRequest) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(account__kind=LedgerAccount.Kind.POT, account__request=request).order_by("pk")
