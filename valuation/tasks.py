"""Workers' edges: load by id, call a service."""

import uuid

import structlog

from marketplace.basics.errors import FaircutError
from marketplace.web.tasks import faircut_task
from valuation.core.errors import ValuationError
from valuation.models import Quote, ValuationRun
from valuation.services import blocks, breakdowns, leases, quotes, runs

log = structlog.get_logger(__name__)


@faircut_task("valuation.work")
def work(*, run_id: str) -> None:
    """Do one block of a run, whichever comes next; advance the run when its wave is complete.

    A hint may arrive twice or too late: then there is nothing to claim, and nothing happens.
    """
    key = uuid.UUID(run_id)
    if not runs.mark_running(run_id=key):
        return
    block = blocks.claim(run_id=key)
    if block is None:
        return
    run = ValuationRun.objects.get(pk=key)
    try:
        with leases.kept(block):
            result, seconds = blocks.compute(run=run, block=block)
    except blocks.BlockFailedError as error:
        runs.fail(run_id=key, error=str(error))
        return
    blocks.store(block=block, result=result, seconds=seconds)
    runs.advance(run_id=key)


@faircut_task("valuation.quote")
def quote(*, quote_id: str) -> None:
    """Rehearse a request's model for its buyer; whatever stands in the way ends the quote with a sentence."""
    key = uuid.UUID(quote_id)
    try:
        quotes.compute(quote_id=key)
    except (ValuationError, FaircutError) as error:
        quotes.fail(quote_id=key, failure=Quote.Failure.IMPOSSIBLE, error=str(error))
    except Exception as error:
        if breakdowns.is_the_workers(error):
            log.warning("quote.too_little", quote_id=quote_id, error=type(error).__name__)
            words = breakdowns.too_little("The dry run", error)
            quotes.fail(quote_id=key, failure=Quote.Failure.TOO_LITTLE, error=words)
            return
        if breakdowns.is_the_machines(error):
            quotes.fail(quote_id=key, failure=Quote.Failure.UNFINISHED, error=breakdowns.out_of_reach("The dry run"))
        else:
            words = breakdowns.in_words("The dry run", error)
            quotes.fail(quote_id=key, failure=Quote.Failure.IMPOSSIBLE, error=words)
        raise


@faircut_task("valuation.sweep")
def sweep() -> None:
    """Bring back what a crash left behind: silent leases, lost hints, waves that nobody merged."""
    for run_id in ValuationRun.objects.exclude(state__in=ValuationRun.ENDED).values_list("pk", flat=True):
        try:
            runs.revive(run_id=run_id)
        except Exception:  # one broken run must not keep the others from being revived
            log.exception("run.not_revived", run_id=str(run_id))
    quotes.revive()
