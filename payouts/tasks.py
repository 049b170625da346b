"""Celery's edge of the payouts: a run has ended, and the sweeper for when nobody said so."""

import structlog

from marketplace.shared.tasks import faircut_task
from payouts.models import PayoutRound
from payouts.services import rounds
from valuation.models import ValuationRun

log = structlog.get_logger(__name__)


@faircut_task("payouts.conclude_valuing")
def conclude_valuing(*, run_id: str) -> None:
    rounds.conclude_valuing(run_id=run_id)


@faircut_task("payouts.sweep")
def sweep() -> None:
    """Conclude every valuing round whose run has ended; a lost message loses nothing."""
    waiting = PayoutRound.objects.filter(state=PayoutRound.State.VALUING, run__state__in=ValuationRun.ENDED)
    for run_id in waiting.values_list("run_id", flat=True):
        try:
            rounds.conclude_valuing(run_id=str(run_id))
        except Exception:
            # One broken round must not keep the others waiting.
            log.exception("sweep.failed", run_id=str(run_id))
