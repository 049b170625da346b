"""A round ends unpaid: it fails, is cancelled, or makes way for a new one. Its escrow returns to the pot."""

from django.db import transaction
from django.utils import timezone

from marketplace.models import User
from marketplace.services import events
from payouts.errors import RoundStateError
from payouts.models import LedgerTransaction, PayoutPolicy, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.selectors.money.balances import escrow_minor
from payouts.services import accounts, ledger, locks
from payouts.services.rounds.opening import open_round
from valuation.services import runs

State = PayoutRound.State

_HAS_ENDED = "It has ended already and holds no money; open a new round for this request."
# What there is to do instead of cancelling, by state.
_REMEDIES = {
    State.VALUING: "Try again in a moment.",
    State.APPROVED: "An approved round can only be posted; after that, corrections are new transactions.",
    State.POSTED: "After posting, corrections are new transactions.",
    State.PAID: "After posting, corrections are new transactions.",
    State.FAILED: _HAS_ENDED,
    State.CANCELLED: _HAS_ENDED,
    State.SUPERSEDED: "It was replaced: go on with the round that replaces it.",
}


@transaction.atomic
def cancel(*, payout_round: PayoutRound, by: User, reason: str) -> PayoutRound:
    """Give a round up before it is approved. A running valuation is stopped, and its round counts as failed.

    Raises:
        RoundStateError: The round is approved or has ended.
        ConflictError: The valuation ends at this very moment; try again.
    """
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state == State.VALUING and payout_round.run is not None:
        # A run that has ended but could not be concluded must not keep the buyer's money in escrow for ever.
        if not payout_round.run.has_ended:
            runs.cancel(run=payout_round.run, by=by)
        return end(payout_round, State.FAILED, by=by, reason=reason)
    if payout_round.state not in {State.DRAFT, State.IN_REVIEW}:
        raise RoundStateError(
            f"A round that is {payout_round.get_state_display().lower()} cannot be cancelled.",
            remedy=_REMEDIES[State(payout_round.state)],
        )
    return end(payout_round, State.CANCELLED, by=by, reason=reason)


@transaction.atomic
def supersede(
    *, payout_round: PayoutRound, by: User, reason: str, policy: PayoutPolicy | None = None, seed: int | None = None
) -> PayoutRound:
    """Replace a round in review by a new draft over the same request and pot; returns the draft.

    Raises:
        RoundStateError: The round is not in review.
    """
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state != State.IN_REVIEW:
        raise RoundStateError("Only a round in review can be replaced by a new one.")
    successor = open_round(
        request=payout_round.request,
        pot_minor=payout_round.pot_minor,
        policy=policy or payout_round.policy,
        precision_target=payout_round.precision_target,
        evaluations_max=payout_round.evaluations_max,
        seed=payout_round.seed if seed is None else seed,
        by=by,
    )
    payout_round.superseded_by = successor
    end(payout_round, State.SUPERSEDED, by=by, reason=reason)
    return successor


def end(payout_round: PayoutRound, state: PayoutRound.State, *, by: User | None, reason: str) -> PayoutRound:
    """Move a locked round to a final state and return its escrow to the pot, in the caller's transaction."""
    escrow = escrow_minor(payout_round)
    if escrow:
        ledger.post(
            natural_key=natural_key(LedgerTransaction.Reason.ESCROW_RETURN, payout_round.pk),
            reason=LedgerTransaction.Reason.ESCROW_RETURN,
            debit=accounts.escrow(payout_round),
            credit=accounts.pot(payout_round.request),
            amount_minor=escrow,
            by=by,
            payout_round=payout_round,
        )
    payout_round.state = state
    payout_round.ended_by = by
    payout_round.ended_at = timezone.now()
    payout_round.ended_reason = reason.strip() or "No reason was given."
    payout_round.save()
    events.record(
        action=f"round.{state.value}", subject=payout_round, by=by, data={"reason": payout_round.ended_reason}
    )
    return payout_round
