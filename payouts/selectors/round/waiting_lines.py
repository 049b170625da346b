"""Lines of a posted round that have not reached their sellers: why, and what an operator can do about it."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from payouts.models import LineRelease, PayoutLine, PayoutRound
from payouts.selectors.money.profiles import hold_of

State = PayoutLine.State


@dataclass(frozen=True)
class WaitingLine:
    """One line, why it waits, and whether an operator can let it go or confirm its payment now."""

    line: PayoutLine
    why: str
    can_be_released: bool
    can_be_confirmed: bool

    @property
    def has_payment_of_its_own(self) -> bool:
        """Whether it was held and let go, so that it is among no round's payments."""
        return self.line.state == State.SUBMITTED and self.line.release.payout_round_id is None


def waiting_lines(payout_round: PayoutRound) -> list[WaitingLine]:
    """Lines of a settled round that are held, carried over, or released after the round was paid."""
    if payout_round.state not in PayoutRound.SETTLED:
        return []
    own = payout_round.lines.filter(
        Q(state__in=(State.HELD, State.ACTION_REQUIRED, State.BELOW_MINIMUM), amount_minor__gt=0)
        | Q(state=State.SUBMITTED, release__isnull=False)
    )
    return [
        _waiting(line, payout_round)
        for line in own.select_related("organization", "release__payout_round").order_by("number")
    ]


def carried_along(payout_round: PayoutRound) -> list[PayoutLine]:
    """Lines of earlier rounds whose balances are sent together with this one."""
    return list(
        PayoutLine.objects.filter(release__payout_round=payout_round)
        .select_related("organization", "round__request", "release")
        .order_by("organization__name", "pk")
    )


def releases_of(payout_round: PayoutRound) -> QuerySet[LineRelease]:
    """What accounting sends beside a round's own lines: of its own what waited, of earlier rounds what goes along."""
    concerned = Q(line__round=payout_round) | Q(payout_round=payout_round)
    return LineRelease.objects.filter(concerned).select_related("line__organization", "line__round").order_by("pk")


def released_and_unconfirmed() -> QuerySet[PayoutRound]:
    """Paid rounds with a line that was released afterwards and waits for the bank's confirmation by itself."""
    lines = PayoutLine.objects.filter(state=State.SUBMITTED, round__state=PayoutRound.State.PAID)
    # What goes along with a later round is confirmed with that.
    alone = lines.exclude(release__payout_round__state=PayoutRound.State.POSTED)
    return PayoutRound.objects.filter(lines__in=alone).distinct()


def _waiting(line: PayoutLine, payout_round: PayoutRound) -> WaitingLine:
    if line.state == State.SUBMITTED:
        later = line.release.payout_round
        if later is not None and later.state == PayoutRound.State.POSTED:
            return WaitingLine(line, "Goes along with a later round, and is confirmed with it.", False, False)
        is_late = payout_round.state == PayoutRound.State.PAID
        why = "Released; the bank has not confirmed it yet." if is_late else "Released; it is confirmed with the round."
        return WaitingLine(line, why, False, is_late)
    if line.state == State.BELOW_MINIMUM:
        return WaitingLine(
            line, "Below the minimum: goes along with a round that brings the balance there.", False, False
        )
    hold = hold_of(line.organization)
    return WaitingLine(line, hold.sentence if hold else "Nothing holds it any more.", hold is None, False)
