"""What is on which account."""

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.models import DataRequest
from payouts.models import LedgerAccount, LedgerEntry, LedgerTransaction, PayoutRound


def pot_available_minor(request: DataRequest) -> int:
    """What the buyer has paid in and no round has taken, as a positive amount."""
    return -_sum(account__kind=LedgerAccount.Kind.POT, account__request=request)


def with_pots(requests: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
    """Requests that carry `available_minor`, the same figure as `pot_available_minor`, in one query for all."""
    pots = (
        LedgerEntry.objects.filter(account__kind=LedgerAccount.Kind.POT, account__request=OuterRef("pk"))
        .values("account__request")
        .annotate(total=Sum(-F("amount_minor")))
        .values("total")
    )
    return requests.annotate(available_minor=Coalesce(Subquery(pots, output_field=BigIntegerField()), 0))


def escrow_minor(payout_round: PayoutRound) -> int:
    """What a round has taken and not yet posted, as a positive amount."""
    return -_sum(account__kind=LedgerAccount.Kind.ESCROW, account__round=payout_round)


def _sum(**conditions: object) -> int:
    return int(LedgerEntry.objects.filter(**conditions).aggregate(total=Sum("amount_minor", default=0))["total"])


def payments_into(request: DataRequest) -> QuerySet[LedgerEntry]:
    """The buyer's payments, the newest first."""
    return (
        LedgerEntry.objects.filter(
            transaction__reason=LedgerTransaction.Reason.FUNDING,
            account__kind=LedgerAccount.Kind.BANK,
            transaction__entries__account__request=request,
        )
        .select_related("transaction__by")
        .order_by("-pk")
    )
