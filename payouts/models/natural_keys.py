"""Natural keys of the ledger: what happened in the world, and may be booked once.

They are stored with every transaction, so the words of a key never change.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from payouts.models.ledger import LedgerTransaction

Reason = LedgerTransaction.Reason
# What is booked line by line: crediting a line, under whatever reason, happens once, and so does paying it.
_OF_LINES: Final[Mapping[LedgerTransaction.Reason, str]] = {
    Reason.PAYOUT: "line",
    Reason.CARRY_OVER: "line",
    Reason.HOLD: "line",
    Reason.PAYMENT: "payment",
}


def natural_key(reason: LedgerTransaction.Reason, whose: uuid.UUID | str, line: int | None = None) -> str:
    """The key of one booking.

    Args:
        reason: Why money moves.
        whose: The round; of the buyer's money that comes in, the identity of the bank's reference.
        line: Number of the round's line, where money moves line by line.

    Raises:
        ValueError: A line's booking names no line, or another one does.
    """
    if (line is None) == (reason in _OF_LINES):
        raise ValueError(f"A booking of {reason.value} {'needs' if line is None else 'has no'} line.")
    if reason == Reason.FUNDING:
        return f"funding:{whose}"
    return f"round:{whose}:{reason.value}" if line is None else f"round:{whose}:{_OF_LINES[reason]}:{line}"
