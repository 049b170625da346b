"""Keys of bookings: the words are stored, so they are those of the first release."""

import pytest

from payouts.models import LedgerTransaction
from payouts.models.natural_keys import natural_key

Reason = LedgerTransaction.Reason
KEYS = {
    Reason.FUNDING: "funding:7",
    Reason.ESCROW: "round:7:escrow",
    Reason.ESCROW_RETURN: "round:7:escrow_return",
    Reason.PAYOUT: "round:7:line:3",
    Reason.CARRY_OVER: "round:7:line:3",
    Reason.HOLD: "round:7:line:3",
    Reason.PLATFORM_FEE: "round:7:platform_fee",
    Reason.UNALLOCATED: "round:7:unallocated",
    Reason.PAYMENT: "round:7:payment:3",
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_key_and_names_a_line_only_where_there_is_one(reason):
    line = 3 if KEYS[reason].endswith(":3") else None

    assert natural_key(reason, "7", line) == KEYS[reason]
    with pytest.raises(ValueError, match="line"):
        natural_key(reason, "7", None if line else 3)
