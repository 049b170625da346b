"""Claim a block under a lease, compute it, store its result once."""

import datetime as dt
import time
import uuid
from functools import lru_cache

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.basics.errors import FaircutError
from valuation.core import runner
from valuation.core.errors import ValuationError
from valuation.core.plans import plan as core_plan
from valuation.core.plans.block_kinds import BlockKind
from valuation.models import ValuationRun, WorkBlock
from valuation.services import breakdowns, inputs, leases

log = structlog.get_logger(__name__)

# A block that took down this many workers would take down the next one too.
ATTEMPTS_MAX = 5
# One worker may have too little memory or time for a block; where a second one has too, no other is asked.
ATTEMPTS_OF_SHORT_WORKERS = 2


class BlockFailedError(FaircutError):
    """A block cannot be computed, by this worker or any other; the message is what an operator reads."""

    code = "block_failed"


@transaction.atomic
def claim(*, run_id: uuid.UUID) -> WorkBlock | None:
    """Lease the first block that nobody holds, or whose holder fell silent; None when there is none.

    `skip_locked` lets two workers claim two blocks at once without waiting for each other.
    """
    now = timezone.now()
    block = (
        WorkBlock.objects.filter(Q(state=WorkBlock.State.QUEUED) | _silent(now), run_id=run_id)
        .order_by("number")
        .select_for_update(of=("self",), skip_locked=True)
        .first()
    )
    if block is None:
        return None
    block.state = WorkBlock.State.LEASED
    block.attempts += 1
    block.leased_until = leases.expires_at()
    block.save(update_fields=["state", "attempts", "leased_until"])
    return block


def compute(*, run: ValuationRun, block: WorkBlock) -> tuple[core_plan.BlockResult, float]:
    """Run one block over the frozen inputs: the same bits whoever runs it, and however often.

    Raises:
        BlockFailedError: Every worker would fail at it.
        Exception: Database, storage or this worker's memory or time gave way; another attempt may do.
    """
    try:
        return _computed(run, block)
    except ValuationError as error:
        # A model that cannot be fitted stays unfit on every worker: retrying would only hide the sentence.
        raise BlockFailedError(str(error)) from error
    except Exception as error:
        is_short = breakdowns.is_the_workers(error)
        if breakdowns.is_the_machines(error) or (is_short and block.attempts < ATTEMPTS_OF_SHORT_WORKERS):
            raise
        log.exception("block.broke_down", run_id=str(run.pk), block=block.number, kind=block.kind)
        raise BlockFailedError(breakdowns.in_words(f"Block {block.number} ({block.kind})", error)) from error


def _computed(run: ValuationRun, block: WorkBlock) -> tuple[core_plan.BlockResult, float]:
    started = time.perf_counter()
    frozen = inputs.load(run)
    piece = planned(block)
    foundation = _foundation(run.pk, piece.place["builds_on"]) if "builds_on" in piece.place else None
    result = runner.run_block(frozen.game, frozen.groups, piece, run.seed, rows=frozen.rows, foundation=foundation)
    return result, time.perf_counter() - started


@lru_cache(maxsize=1)
def _foundation(run_id: uuid.UUID, number: int) -> core_plan.Arrays:
    """The arrays that later blocks build on; a result never changes, so a worker keeps the last."""
    return result_of(WorkBlock.objects.get(run_id=run_id, number=number)).arrays


def planned(block: WorkBlock) -> core_plan.Block:
    """The block as the plan made it."""
    return core_plan.Block(block.number, block.wave, BlockKind.stored(block.kind), block.params)


def result_of(block: WorkBlock) -> core_plan.BlockResult:
    """The stored result of a block that is done."""
    if block.result is None:
        raise ValueError(f"{block} has no result yet")
    return core_plan.BlockResult.from_bytes(bytes(block.result))


def store(*, block: WorkBlock, result: core_plan.BlockResult, seconds: float) -> bool:
    """Store a result unless somebody was first; returns whether this one counted."""
    stored = (
        WorkBlock.objects.filter(pk=block.pk)
        .exclude(state=WorkBlock.State.DONE)
        .update(
            state=WorkBlock.State.DONE,
            result=result.to_bytes(),
            evaluations=result.evaluations,
            seconds=seconds,
            leased_until=None,
            done_at=timezone.now(),
        )
    )
    return stored == 1


def claimable_count(*, run_id: uuid.UUID) -> int:
    """How many blocks of a run wait for a worker, those of silent holders included."""
    waiting = Q(state=WorkBlock.State.QUEUED) | _silent(timezone.now())
    return WorkBlock.objects.filter(waiting, run_id=run_id).count()


def any_waits() -> bool:
    """Whether any run that goes on has a block that no worker has taken up."""
    going_on = (ValuationRun.State.QUEUED, ValuationRun.State.RUNNING)
    return WorkBlock.objects.filter(state=WorkBlock.State.QUEUED, run__state__in=going_on).exists()


def expired_count(*, run_id: uuid.UUID) -> int:
    """How many leased blocks have a silent holder."""
    return WorkBlock.objects.filter(_silent(timezone.now()), run_id=run_id).count()


def poisonous(*, run_id: uuid.UUID) -> WorkBlock | None:
    """A block whose holders keep dying, if there is one."""
    silent = WorkBlock.objects.filter(_silent(timezone.now()), run_id=run_id)
    return silent.filter(attempts__gte=ATTEMPTS_MAX).order_by("number").first()


def _silent(now: dt.datetime) -> Q:
    """Blocks whose holder has outlived its lease."""
    return Q(state=WorkBlock.State.LEASED, leased_until__lt=now)
