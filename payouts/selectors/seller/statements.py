"""A seller's statements, read off the ledger: opening balance + movements = closing balance, round after round.

A statement begins with its round's line and ends before the next round's, so that each closing balance is the next
opening balance. The last one is still open: a payment may follow.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min

from marketplace.basics.money import format_amount
from payouts.core.allocation import Reason as LineReason
from payouts.errors import UnbalancedError
from payouts.models import LedgerAccount, LedgerEntry, LedgerTransaction, PayoutLine, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.selectors.money.profiles import hold_of
from payouts.selectors.round.why import chance_in_words, lower_of, nothing_shared, why

Reason = LedgerTransaction.Reason

_POSTING = (Reason.PAYOUT, Reason.CARRY_OVER, Reason.HOLD, Reason.PLATFORM_FEE, Reason.UNALLOCATED)
_HAPPENED = {
    Reason.PAYOUT: "Earned, to be sent to your bank",
    Reason.CARRY_OVER: "Earned, kept for you",
    Reason.HOLD: "Earned, held for you",
    Reason.PAYMENT: "Sent to your bank",
}
_NEXT_STEPS = {
    Reason.PAYOUT: "It is on its way to your bank. There is nothing for you to do.",
    Reason.CARRY_OVER: "It stays on your balance until a later round brings that to its minimum, and is sent with it. "
    "There is nothing for you to do.",
    Reason.HOLD: "It stays on your balance until nothing holds it. Check that your payout details are complete.",
}
_RELEASED = "It waited and is released now: it goes to your bank. There is nothing for you to do."


@dataclass(frozen=True)
class Movement:
    """One entry of the seller's account: an amount above 0 is owed to the seller, below 0 was sent."""

    at: dt.datetime
    what: str
    request: str
    reference: str
    amount_minor: int
    balance_minor: int


@dataclass(frozen=True)
class Owed:
    """A part of the closing balance: what of one round has not reached the seller, why, and what happens next."""

    request: str
    amount_minor: int
    why: str
    next_step: str


@dataclass(frozen=True)
class Statement:
    """One seller, one round, from its posting to just before the next."""

    line_id: int
    number: int
    round_id: uuid.UUID
    request: str
    organization_id: int
    organization: str
    currency: str
    issued_at: dt.datetime
    opening_minor: int
    movements: tuple[Movement, ...]
    closing_minor: int
    owed: tuple[Owed, ...]
    nothing_earned: str
    how_sure: str
    previous_line_id: int | None
    next_line_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether movements may still be added: no later round has been posted."""
        return self.next_line_id is None

    def prove(self) -> "Statement":
        """Return the statement if it adds up.

        Raises:
            UnbalancedError: It does not; nothing may be shown or exported.
        """
        moved = sum(movement.amount_minor for movement in self.movements)
        if (
            self.opening_minor + moved != self.closing_minor
            or sum(owed.amount_minor for owed in self.owed) != self.closing_minor
        ):
            raise UnbalancedError(
                f"Statement {self.number} of {self.organization} does not add up.",
                remedy="It is not shown. Compare the ledger's entries before anything else is done.",
            )
        return self


def statement_of(line: PayoutLine) -> Statement:
    """The statement that belongs to a line of a settled round.

    Raises:
        UnbalancedError: The ledger's entries do not add up.
    """
    lines = _lines_like(line)
    begins = _begins(lines)
    lines.sort(key=lambda each: begins[each.pk])
    place = [each.pk for each in lines].index(line.pk)
    following = lines[place + 1] if place + 1 < len(lines) else None
    entries = _entries(line)
    begin = begins[line.pk]
    end = begins[following.pk] if following is not None else None
    opening = -sum(entry.amount_minor for entry in entries if entry.transaction_id < begin)
    known = [entry for entry in entries if end is None or entry.transaction_id < end]
    return Statement(
        line_id=line.pk,
        number=place + 1,
        round_id=line.round_id,
        request=line.round.request.title,
        organization_id=line.organization_id,
        organization=line.organization.name,
        currency=line.round.currency,
        issued_at=_posted_at(line.round),
        opening_minor=opening,
        movements=_movements([entry for entry in known if entry.transaction_id >= begin], opening),
        closing_minor=-sum(entry.amount_minor for entry in known),
        # What has happened since belongs to a later statement.
        owed=_owed(known, lines, is_open=following is None),
        nothing_earned="" if line.amount_minor else _why_nothing(line),
        how_sure=chance_in_words(line.chance, line.value, lower_of(line)) if line.amount_minor else "",
        previous_line_id=lines[place - 1].pk if place else None,
        next_line_id=following.pk if following is not None else None,
    ).prove()


def _why_nothing(line: PayoutLine) -> str:
    if line.reason == LineReason.NOTHING_TO_SHARE:
        return nothing_shared(line.round).removesuffix(".")
    return why(line.reason, chance=line.chance, value=line.value, lower=lower_of(line))


def _lines_like(line: PayoutLine) -> list[PayoutLine]:
    """The seller's lines of all settled rounds in this currency."""
    return list(
        PayoutLine.objects.filter(
            organization_id=line.organization_id,
            round__currency=line.round.currency,
            round__state__in=PayoutRound.SETTLED,
        ).select_related("round__request", "round__audit_report", "organization", "release")
    )


def _begins(lines: Sequence[PayoutLine]) -> dict[int, int]:
    """The ledger transaction that a line's statement begins with: its own, or its round's first where it is 0."""
    keys = {natural_key(LedgerTransaction.Reason.PAYOUT, line.round_id, line.number): line.pk for line in lines}
    own = {keys[entry.natural_key]: entry.pk for entry in LedgerTransaction.objects.filter(natural_key__in=keys)}
    posted = LedgerTransaction.objects.filter(round__in=[line.round_id for line in lines], reason__in=_POSTING)
    first = {
        found["round"]: int(found["first"]) for found in posted.order_by().values("round").annotate(first=Min("pk"))
    }
    return {line.pk: own.get(line.pk, first[line.round_id]) for line in lines}


def _entries(line: PayoutLine) -> list[LedgerEntry]:
    return list(
        LedgerEntry.objects.filter(
            account__kind=LedgerAccount.Kind.PAYABLE,
            account__organization_id=line.organization_id,
            currency=line.round.currency,
        )
        .select_related("transaction__round__request")
        .order_by("transaction_id", "pk")
    )


def _movements(entries: Sequence[LedgerEntry], opening_minor: int) -> tuple[Movement, ...]:
    found = []
    balance = opening_minor
    for entry in entries:
        balance -= entry.amount_minor
        found.append(
            Movement(
                at=entry.transaction.at,
                what=_what(entry),
                request=_request_of(entry),
                reference=entry.transaction.reference,
                amount_minor=-entry.amount_minor,
                balance_minor=balance,
            )
        )
    return tuple(found)


def _owed(entries: Sequence[LedgerEntry], lines: Sequence[PayoutLine], *, is_open: bool) -> tuple[Owed, ...]:
    """What of each round is left, by the entries so far; the credit says why, and today's state what ends it."""
    by_round: dict[uuid.UUID | None, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        by_round[entry.transaction.round_id].append(entry)
    line_of: dict[uuid.UUID | None, PayoutLine] = {line.round_id: line for line in lines}
    found = []
    for round_id, group in by_round.items():
        left = -sum(entry.amount_minor for entry in group)
        if left:
            line = line_of.get(round_id)
            found.append(
                Owed(
                    request=_request_of(group[0]),
                    amount_minor=left,
                    why=_why(group[0], line),
                    next_step=(_next_step_today(line) if is_open and line is not None else "")
                    or _NEXT_STEPS.get(Reason(group[0].transaction.reason), "Ask an operator about it."),
                )
            )
    return tuple(found)


def _next_step_today(line: PayoutLine) -> str:
    """What ends the waiting of a line that was held or carried over; nothing where its credit says it all."""
    if line.state in {PayoutLine.State.HELD, PayoutLine.State.ACTION_REQUIRED}:
        hold = hold_of(line.organization)
        return hold.next_step if hold else "Nothing holds it any more: it is released within minutes."
    return _RELEASED if hasattr(line, "release") else ""


def _why(entry: LedgerEntry, line: PayoutLine | None) -> str:
    if entry.transaction.reason == Reason.CARRY_OVER and line is not None:
        minimum = format_amount(line.round.policy_snapshot["minimum_minor"], line.round.currency)
        return f"Below the minimum of {minimum} that the policy sends"
    return _what(entry)


def _what(entry: LedgerEntry) -> str:
    reason = Reason(entry.transaction.reason)
    return _HAPPENED.get(reason, reason.label)


def _request_of(entry: LedgerEntry) -> str:
    payout_round = entry.transaction.round
    return payout_round.request.title if payout_round is not None else ""


def _posted_at(payout_round: PayoutRound) -> dt.datetime:
    if payout_round.posted_at is None:
        raise ValueError(f"{payout_round} is not posted")
    return payout_round.posted_at
