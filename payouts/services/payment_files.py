"""Files for the bank: they hold account numbers in full, so who took one, and when, is written down."""

import hashlib

from django.db import transaction

from marketplace.models import User
from marketplace.services import events
from payouts.models import PayoutRound
from payouts.selectors.money.payments import PaymentList, to_csv, to_xml

_WRITERS = {"csv": to_csv, "xml": to_xml}


@transaction.atomic
def hand_out(*, payout_round: PayoutRound, payments: PaymentList, kind: str, by: User) -> bytes:
    """Write the payments as ``csv`` or ``xml`` and record who received the account numbers.

    Raises:
        PaymentFileError: There is nothing to pay, or the account to pay from is not known.
    """
    body = _WRITERS[kind](payments)
    number = len(payments.rows)
    data = {
        "reason": f"{kind.upper()} of {number} payment{'' if number == 1 else 's'}",
        "message_id": payments.order.message_id,
        "sum_minor": payments.order.sum_minor,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    events.record(action="round.payments_downloaded", subject=payout_round, by=by, data=data)
    return body
