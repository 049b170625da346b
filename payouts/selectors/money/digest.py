"""One hash under everything that an approver signs: the terms of a round and each of its lines."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from payouts.models import PayoutLine, PayoutRound

# The state moves after the approval, so it is no part of what is signed.
_LINE_FIELDS = tuple(
    field.attname
    for field in PayoutLine._meta.concrete_fields  # noqa: SLF001 - Django documents _meta as public
    if field.attname not in {"id", "round_id", "state"}
)


def lines_sha256(payout_round: PayoutRound, lines: Iterable[PayoutLine]) -> str:
    """Hash the pot, its policy, the rest and every figure of every line, in the order of their numbers."""
    content = {
        "round": str(payout_round.pk),
        "pot_minor": payout_round.pot_minor,
        "currency": payout_round.currency,
        "policy": payout_round.policy_snapshot,
        "fee_minor": payout_round.fee_minor,
        "unallocated_minor": payout_round.unallocated_minor,
        "lines": [_signed(line) for line in sorted(lines, key=lambda line: line.number)],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _signed(line: PayoutLine) -> dict[str, Any]:
    """The figures of a line; a chance only where there is one, as lines were signed before there were any."""
    figures = {name: getattr(line, name) for name in _LINE_FIELDS}
    if line.chance is None:
        del figures["chance"]
    return figures
