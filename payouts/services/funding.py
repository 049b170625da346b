"""What a buyer pays in, as the bank statement says."""

from django.db import transaction

from marketplace.models import DataRequest, User
from marketplace.services import events
from payouts.errors import AmountError, NaturalKeyError
from payouts.models import LedgerTransaction
from payouts.services import accounts, ledger, locks


@transaction.atomic
def record(*, request: DataRequest, amount_minor: int, bank_reference: str, by: User) -> LedgerTransaction:
    """Record a payment from the buyer into the request's pot; the same bank reference counts once.

    Raises:
        AmountError: The amount is not above 0, or the reference is empty.
        NaturalKeyError: The reference was recorded with another amount or for another request.
    """
    reference = bank_reference.strip()
    if not reference:
        raise AmountError("A payment needs the reference on the bank statement.", remedy="Copy it from the statement.")
    locks.lock_request(request.pk)
    natural_key = f"funding:{reference}"
    is_replay = LedgerTransaction.objects.filter(natural_key=natural_key).exists()
    try:
        posted = ledger.post(
            natural_key=natural_key,
            reason=LedgerTransaction.Reason.FUNDING,
            debit=accounts.bank(request.currency),
            credit=accounts.pot(request),
            amount_minor=amount_minor,
            by=by,
            reference=reference,
        )
    except NaturalKeyError as error:
        raise NaturalKeyError(
            f"A payment with the reference {reference} is recorded already, with another amount or request.",
            remedy="Check the reference on the bank statement; each payment has its own.",
        ) from error
    if not is_replay:
        data = {"amount_minor": amount_minor, "currency": request.currency, "bank_reference": reference}
        events.record(action="pot.funded", subject=request, by=by, data=data)
    return posted
