"""Posting to the double-entry ledger: once per natural key, balanced, never edited."""

from django.db import IntegrityError, transaction

from marketplace.models import User
from marketplace.web.request_id import current_request_id
from payouts.errors import AmountError, NaturalKeyError
from payouts.models import LedgerAccount, LedgerEntry, LedgerTransaction, PayoutRound


@transaction.atomic
def post(
    *,
    natural_key: str,
    reason: LedgerTransaction.Reason,
    debit: LedgerAccount,
    credit: LedgerAccount,
    amount_minor: int,
    by: User | None,
    payout_round: PayoutRound | None = None,
    reference: str = "",
) -> LedgerTransaction:
    """Move an amount from the credited to the debited account, once.

    A replay returns the transaction that exists, so that a step that crashed can simply run again.

    Raises:
        AmountError: The amount is not above 0.
        NaturalKeyError: Something else was posted under this key.
    """
    if amount_minor <= 0:
        raise AmountError("Only an amount above 0 can be moved.", remedy="Turn the sides around to move it back.")
    legs = {(debit.pk, amount_minor, debit.currency), (credit.pk, -amount_minor, credit.currency)}
    try:
        # A savepoint: whoever comes second waits for the first at the unique key, then reads what the first wrote.
        with transaction.atomic():
            posted = LedgerTransaction.objects.create(
                natural_key=natural_key,
                reason=reason,
                round=payout_round,
                reference=reference,
                entry_count=len(legs),
                by=by,
                request_id=current_request_id(),
            )
    except IntegrityError:
        existing = LedgerTransaction.objects.filter(natural_key=natural_key).first()
        if existing is None:
            raise
        return _require_same(existing, reason, legs, reference)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=posted, account=account, amount_minor=amount, currency=account.currency)
        for account, amount in ((debit, amount_minor), (credit, -amount_minor))
    )
    return posted


def _require_same(
    existing: LedgerTransaction, reason: str, legs: set[tuple[int, int, str]], reference: str
) -> LedgerTransaction:
    same = set(existing.entries.values_list("account_id", "amount_minor", "currency")) == legs
    if not same or existing.reason != reason or existing.reference != reference:
        raise NaturalKeyError(
            f"{existing.natural_key} was recorded before, with other figures.",
            remedy="Look at the transaction that exists; a correction is a new transaction.",
        )
    return existing
