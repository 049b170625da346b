"""An operator sends a valuation's work out again, where the sweeper has not done so by itself."""

from django.db import transaction

from marketplace.models import User
from marketplace.services import events
from payouts.errors import RoundStateError
from payouts.models import PayoutRound
from payouts.services import locks
from valuation.services import runs


def resume(*, payout_round: PayoutRound, by: User) -> PayoutRound:
    """Do for one round at once what the sweeper does for all every few seconds; work that is being done stays.

    Raises:
        RoundStateError: The round is not valuing.
    """
    with transaction.atomic():
        payout_round = locks.lock_round(payout_round.pk)
        if payout_round.state != PayoutRound.State.VALUING or payout_round.run_id is None:
            raise RoundStateError(f"The round is {payout_round.get_state_display().lower()}, not valuing.")
        events.record(action="round.resumed", subject=payout_round, by=by)
    # Outside of the lock: a revived run may end at once, and its end wants the same lock.
    runs.revive(run_id=payout_round.run_id)
    return payout_round
