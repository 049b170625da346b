"""Money that waits on a seller's account: kept back while nothing may be sent, carried over, and let go (ADR 0009).

What waits was credited to the seller when its round was posted, so letting it go moves nothing in the ledger: the
payment will. The release is a row of its own that the database asks for.
"""

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from marketplace.basics.errors import FaircutError
from marketplace.models import User
from marketplace.services import events
from payouts.errors import LineHeldError, RoundStateError
from payouts.models import LineRelease, PayoutLine, PayoutRound
from payouts.selectors.money.balances import carried_lines
from payouts.selectors.money.profiles import Hold, hold_of
from payouts.services import locks
from payouts.services.rounds.telling import tell_held, tell_released

log = structlog.get_logger(__name__)

State = PayoutLine.State
_HELD = (State.HELD, State.ACTION_REQUIRED)


def keep_back(payout_round: PayoutRound, line: PayoutLine, hold: Hold) -> None:
    """Hold a line whose money cannot be sent now, in the caller's transaction and under its lock."""
    line.state = hold.state
    line.save(update_fields=["state"])
    reason = f"{line.organization.name}: {hold.sentence}"
    data = {"line": line.number, "organization": line.organization_id, "reason": reason}
    events.record(action="round.line_held", subject=payout_round, by=None, data=data)
    tell_held(line, hold)


@transaction.atomic
def release(*, line: PayoutLine, by: User | None) -> PayoutLine:
    """Send a held line on its way once nothing holds it; a line that is on its way already stays as it is.

    Raises:
        RoundStateError: The line is not held, or its round is not posted.
        LineHeldError: What holds it is not over.
    """
    payout_round = locks.lock_round(line.round_id)
    line = locks.lock_lines(payout_round).select_related("organization", "round").get(pk=line.pk)
    if LineRelease.objects.filter(line=line).exists():
        return line
    if line.state not in _HELD or payout_round.state not in PayoutRound.SETTLED:
        raise RoundStateError(f"The line is {line.get_state_display().lower()}; only a held one is released.")
    hold = hold_of(line.organization)
    if hold is not None:
        raise LineHeldError(hold.sentence, remedy="It is released by itself when that is over.")
    ended = LineRelease.Reason.PAUSE_OVER if line.state == State.HELD else LineRelease.Reason.DETAILS_GIVEN
    _let_go(line, ended, by=by)
    tell_released(line)
    return line


def release_what_is_free() -> int:
    """Release every held line that nothing holds any more, and say how many; one that fails keeps no other waiting."""
    released = 0
    for line in held_lines().select_related("organization"):
        if hold_of(line.organization) is not None:
            continue
        try:
            release(line=line, by=None)
        except FaircutError as error:
            # Somebody changed something between the look and the lock.
            log.info("line.still_held", line_id=line.pk, reason=error.message)
        else:
            released += 1
    return released


def held_lines() -> QuerySet[PayoutLine]:
    """Lines of settled rounds whose money waits for payout details or for a pause to end."""
    return PayoutLine.objects.filter(state__in=_HELD, round__state__in=PayoutRound.SETTLED)


def release_carried(payout_round: PayoutRound, *, by: User) -> None:
    """Let earlier balances of the owners that this round pays go along with it, in the transaction that posts it.

    The round's own lines were computed with these balances in mind: a line is below the minimum only if both together
    are.
    """
    sent = payout_round.lines.filter(state__in=(State.SUBMITTED, *_HELD))
    paying = set(sent.values_list("owner_key", flat=True))
    carried = carried_lines(payout_round.currency).exclude(round=payout_round)
    # Who is one owner today goes along, whoever it was when the balance arose.
    theirs = Q(organization__beneficial_owner__in=paying) | Q(
        organization__beneficial_owner=None, organization__in=paying
    )
    for line in locks.in_order(carried.filter(theirs)).select_related("organization", "round"):
        hold = hold_of(line.organization)
        if hold is not None:
            keep_back(line.round, line, hold)
        else:
            _let_go(line, LineRelease.Reason.MINIMUM_REACHED, by=by, payout_round=payout_round)


def _let_go(
    line: PayoutLine, reason: LineRelease.Reason, *, by: User | None, payout_round: PayoutRound | None = None
) -> None:
    LineRelease.objects.create(line=line, reason=reason, by=by, payout_round=payout_round)
    line.state = State.SUBMITTED
    line.save(update_fields=["state"])
    data = {
        "line": line.number,
        "organization": line.organization_id,
        "reason": f"{line.organization.name}: {reason.label}",
    }
    events.record(action="round.line_released", subject=line.round, by=by, data=data)
