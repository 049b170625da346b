"""The one projection of a round's lines: screen, CSV, JSON and API all show these records and no others.

A page leaves the escrow out: it names the pot beside the table.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from payouts.core.allocation import Reason
from payouts.errors import UnbalancedError
from payouts.models import LedgerTransaction, PayoutLine, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.selectors.round.why import lower_of_both, why

SCHEMA = "payout_lines.v3"
SHARE_DIGITS = 12


@dataclass(frozen=True)
class LineRecord:
    """One row of a round: a seller's line, the platform's fee, what returns to the buyer's pot, or the escrow.

    `credit_minor` is what the row's party is owed; the escrow is debited with the whole pot, as in the ledger.
    """

    number: int
    kind: str
    organization_id: int | None
    organization: str
    owner_key: int | None
    disposition: str
    reason: str
    rows: int | None
    debit_minor: int
    credit_minor: int
    amount_lower_minor: int | None
    amount_upper_minor: int | None
    amount_validation_lower_minor: int | None
    amount_validation_upper_minor: int | None
    share: Decimal | None
    share_lower: float | None
    share_upper: float | None
    share_validation_lower: float | None
    share_validation_upper: float | None
    value: float | None
    value_lower: float | None
    value_upper: float | None
    value_validation_lower: float | None
    value_validation_upper: float | None
    chance: float | None

    @property
    def amount_minor(self) -> int:
        return self.credit_minor - self.debit_minor

    @property
    def reason_words(self) -> str:
        return why(self.reason, chance=self.chance, value=self.value, lower=self._lower)

    @property
    def _lower(self) -> float | None:
        if self.value is None or self.value_lower is None:
            return None
        return lower_of_both(self.value, self.value_lower, self.value_validation_lower)


@dataclass(frozen=True)
class Totals:
    """The proof: paid + held + fee + unallocated = pot."""

    paid_minor: int
    held_minor: int
    fee_minor: int
    unallocated_minor: int
    pot_minor: int

    @property
    def sum_minor(self) -> int:
        return self.paid_minor + self.held_minor + self.fee_minor + self.unallocated_minor

    @property
    def is_proved(self) -> bool:
        return self.sum_minor == self.pot_minor


@dataclass(frozen=True)
class RoundProjection:
    """A round as accounting sees it: `records` share the pot out, `escrow` is where it comes from."""

    schema: str
    round_id: uuid.UUID
    request_id: uuid.UUID
    request: str
    currency: str
    pot_minor: int
    effective_date: dt.date | None
    inputs_sha256: str
    lines_sha256: str
    records: tuple[LineRecord, ...]
    escrow: LineRecord

    @property
    def entries(self) -> tuple[LineRecord, ...]:
        """Both sides, as exports hold them: all debits together are all credits together."""
        return (*self.records, self.escrow)

    @property
    def largest_first(self) -> tuple[LineRecord, ...]:
        """The records as a page lists them: sellers by amount, then by value; the fee and the rest after them."""
        return tuple(
            sorted(self.records, key=lambda each: (each.kind != "seller", -each.amount_minor, -(each.value or 0.0)))
        )

    @property
    def totals(self) -> Totals:
        def total(*dispositions: str) -> int:
            return sum(record.amount_minor for record in self.records if record.disposition in dispositions)

        return Totals(
            paid_minor=total("pay"),
            held_minor=total("carry", "hold"),
            fee_minor=total("fee"),
            unallocated_minor=total("return"),
            pot_minor=self.pot_minor,
        )

    def prove(self) -> "RoundProjection":
        """Return the projection if its rows sum to the pot, and debits are credits.

        Raises:
            UnbalancedError: They do not; nothing may be exported.
        """
        totals = self.totals
        shared_out = sum(record.amount_minor for record in self.records)
        if not totals.is_proved or not shared_out == -self.escrow.amount_minor == self.pot_minor:
            raise UnbalancedError(
                f"The rows of round {self.round_id} sum to {totals.sum_minor} minor units, not to {self.pot_minor}.",
                remedy="Nothing was exported. Compare the lines with the ledger before anything else is done.",
            )
        return self


def project(payout_round: PayoutRound) -> RoundProjection:
    """Project a round and all its lines, in the order of their numbers."""
    lines = list(payout_round.lines.select_related("organization").order_by("number"))
    rests = (
        ("platform_fee", "Platform fee", "fee", payout_round.fee_minor),
        ("unallocated", "Returned to the buyer's pot", "return", payout_round.unallocated_minor),
    )
    escrow = ("escrow", "Escrow of the round", "fund", -payout_round.pot_minor)
    return RoundProjection(
        schema=SCHEMA,
        round_id=payout_round.pk,
        request_id=payout_round.request_id,
        request=payout_round.request.title,
        currency=payout_round.currency,
        pot_minor=payout_round.pot_minor,
        effective_date=payout_round.posted_at.date() if payout_round.posted_at else None,
        inputs_sha256=payout_round.inputs_sha256,
        lines_sha256=payout_round.lines_sha256,
        records=tuple(
            line_records(lines)
            + [
                _rest_record(len(lines) + place, kind, name, disposition, amount_minor)
                for place, (kind, name, disposition, amount_minor) in enumerate(rests, start=1)
            ]
        ),
        escrow=_rest_record(len(lines) + len(rests) + 1, *escrow),
    )


def line_records(lines: Sequence[PayoutLine]) -> list[LineRecord]:
    """Project sellers' lines, in the order given."""
    held = _held_at_posting(lines)
    return [_line_record(line, is_held=line.pk in held) for line in lines]


def _line_record(line: PayoutLine, *, is_held: bool) -> LineRecord:
    return LineRecord(
        number=line.number,
        kind="seller",
        organization_id=line.organization_id,
        organization=line.organization.name,
        owner_key=line.owner_key,
        disposition=_disposition(line, is_held=is_held),
        reason=line.reason,
        rows=line.rows,
        debit_minor=0,
        credit_minor=line.amount_minor,
        amount_lower_minor=line.amount_lower_minor,
        amount_upper_minor=line.amount_upper_minor,
        amount_validation_lower_minor=line.amount_validation_lower_minor,
        amount_validation_upper_minor=line.amount_validation_upper_minor,
        share=exact_decimal(line.share),
        share_lower=line.share_lower,
        share_upper=line.share_upper,
        share_validation_lower=line.share_validation_lower,
        share_validation_upper=line.share_validation_upper,
        value=line.value,
        value_lower=line.value_lower,
        value_upper=line.value_upper,
        value_validation_lower=line.value_validation_lower,
        value_validation_upper=line.value_validation_upper,
        chance=line.chance,
    )


def exact_decimal(share: Fraction) -> Decimal:
    """An exact share as a decimal, rounded half to even at the last shown digit."""
    scaled = round(share * 10**SHARE_DIGITS)
    return Decimal(scaled).scaleb(-SHARE_DIGITS).quantize(Decimal(1).scaleb(-SHARE_DIGITS), ROUND_HALF_EVEN)


def _held_at_posting(lines: Sequence[PayoutLine]) -> set[int]:
    """The lines that the ledger credited as held."""
    keys = {natural_key(LedgerTransaction.Reason.PAYOUT, line.round_id, line.number): line.pk for line in lines}
    credited = LedgerTransaction.objects.filter(natural_key__in=keys, reason=LedgerTransaction.Reason.HOLD)
    return {keys[key] for key in credited.values_list("natural_key", flat=True)}


def _disposition(line: PayoutLine, *, is_held: bool) -> str:
    """What posting did with the amount: an export stays true when the line is released or paid later."""
    if is_held:
        return "hold"
    if line.amount_minor == 0:
        return "none"
    return "carry" if line.reason == Reason.BELOW_MINIMUM else "pay"


# What only sellers have: a fee has no value and no interval.
_MEASURED = [
    name for name in LineRecord.__dataclass_fields__ if name.startswith(("amount_", "share", "value", "chance"))
]


def _rest_record(number: int, kind: str, name: str, disposition: str, amount_minor: int) -> LineRecord:
    return LineRecord(
        number=number,
        kind=kind,
        organization_id=None,
        organization=name,
        owner_key=None,
        disposition=disposition,
        reason=kind,
        rows=None,
        debit_minor=max(-amount_minor, 0),
        credit_minor=max(amount_minor, 0),
        **dict.fromkeys(_MEASURED),
    )
