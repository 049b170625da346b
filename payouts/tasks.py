"""Celery's edge of the payouts: a run has ended, an attack is to be tried, and the sweeper for when nobody said so."""

import uuid

import structlog

from marketplace.web.tasks import faircut_task
from payouts.models import PayoutRound
from payouts.selectors.audit import attack_tries
from payouts.services import attacks, rounds
from valuation.models import ValuationRun

log = structlog.get_logger(__name__)


@faircut_task("payouts.conclude_valuing")
def conclude_valuing(*, run_id: str) -> None:
    rounds.conclude_valuing(run_id=run_id)


@faircut_task("payouts.try_attack")
def try_attack(*, round_id: str, kind: str, times: int = 1) -> None:
    attacks.try_attack(round_id=uuid.UUID(round_id), kind=kind, times=times)


@faircut_task("payouts.release_lines")
def release_lines() -> None:
    rounds.release_what_is_free()


@faircut_task("payouts.sweep")
def sweep() -> None:
    """Conclude every valuing round whose run has ended, and ask again for attacks; a lost message loses nothing."""
    waiting = PayoutRound.objects.filter(state=PayoutRound.State.VALUING, run__state__in=ValuationRun.ENDED)
    for run_id in waiting.values_list("run_id", flat=True):
        try:
            rounds.conclude_valuing(run_id=str(run_id))
        except Exception:
            # One broken round must not keep the others waiting.
            log.exception("sweep.failed", run_id=str(run_id))
    for payout_round in attack_tries.rounds_to_try():
        attacks.send_all(payout_round)
