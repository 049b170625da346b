"""What a buyer pays in, as the bank statement says."""

import unicodedata
from dataclasses import dataclass

from django.db import transaction

from marketplace.basics.errors import ConflictError
from marketplace.models import DataRequest, User
from marketplace.services import events
from payouts.errors import AmountError, NaturalKeyError
from payouts.models import LedgerTransaction
from payouts.models.natural_keys import natural_key
from payouts.services import accounts, ledger, locks

# A reference can grow when it is compared: one ligature becomes several letters.
IDENTITY_LENGTH_MAX = 140


@dataclass(frozen=True)
class Recorded:
    """A payment in the ledger, and whether it was there before."""

    transaction: LedgerTransaction
    is_replay: bool


def identity_of(bank_reference: str) -> str:
    """What makes two references the same: letters and figures, not their case, width, blanks or invisible marks."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bank_reference).casefold())
    return " ".join("".join(sign for sign in folded if unicodedata.category(sign) != "Cf").split())


@transaction.atomic
def record(*, request: DataRequest, amount_minor: int, bank_reference: str, by: User) -> Recorded:
    """Record a payment from the buyer into the request's pot; the same bank reference counts once.

    The ledger keeps the reference as it was typed first; references are compared by `identity_of`.

    Raises:
        AmountError: The amount is not above 0, or the reference is empty or too long to compare.
        ConflictError: The request is still a draft, whose currency may change.
        NaturalKeyError: The reference was recorded with another amount or for another request.
    """
    reference = bank_reference.strip()
    identity = identity_of(reference)
    if not identity:
        raise AmountError("A payment needs the reference on the bank statement.", remedy="Copy it from the statement.")
    if len(identity) > IDENTITY_LENGTH_MAX:
        raise AmountError("The bank reference is too long.", remedy="Write it in plain letters and figures.")
    if locks.lock_request(request.pk).state in DataRequest.UNOPENED:
        raise ConflictError("A draft takes no money yet.", remedy="Record the payment once the request is open.")
    key = natural_key(LedgerTransaction.Reason.FUNDING, identity)
    existing = LedgerTransaction.objects.filter(natural_key=key).first()
    try:
        posted = ledger.post(
            natural_key=key,
            reason=LedgerTransaction.Reason.FUNDING,
            debit=accounts.bank(request.currency),
            credit=accounts.pot(request),
            amount_minor=amount_minor,
            by=by,
            reference=existing.reference if existing else reference,
        )
    except NaturalKeyError as error:
        raise NaturalKeyError(
            f"A payment with the reference {reference} is recorded already, with another amount or request.",
            remedy="Check the reference on the bank statement; each payment has its own.",
        ) from error
    if existing is None:
        data = {"amount_minor": amount_minor, "currency": request.currency, "bank_reference": reference}
        events.record(action="pot.funded", subject=request, by=by, data=data)
    return Recorded(posted, is_replay=existing is not None)
