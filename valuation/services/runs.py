"""The life of a run: start it, merge its waves in order, end it, and tell whoever asked."""

import datetime as dt
import time
import uuid

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError
from marketplace.celery import app as celery_app
from marketplace.models import DataRequest, User
from marketplace.services import copies, events
from valuation.core.errors import ValuationError
from valuation.core.fgsv.precision import DueTarget
from valuation.core.plans import plan as core_plan
from valuation.documents import Progress, RowProgress, SellerProgress
from valuation.models import RunState, ValuationRun, WorkBlock
from valuation.services import blocks, breakdowns, inputs, outcomes
from valuation.services.run_plans import METHOD_VERSION, RunPlan, plan_of, row_plan

log = structlog.get_logger(__name__)

# PostgreSQL keeps 1 GB in a field at most, which a state that is written after each wave must fit.
STATE_BYTES_MAX = 900_000_000
# When nothing has been claimed or finished for this long, the hints are taken for lost.
HINT_SILENCE_SECONDS = 10


class RunRefusedError(FaircutError):
    """What was submitted cannot be valued as asked."""

    code = "run_refused"
    status = 409


@transaction.atomic
def start(
    *,
    request: DataRequest,
    seed: int,
    precision_target: float,
    evaluations_max: int,
    on_end_task: str,
    by: User,
    due_target: DueTarget | None = None,
    gated: bool = False,
) -> ValuationRun:
    """Freeze what has been submitted and plan the first wave.

    With a `due_target` the run goes on until amounts are that sure too, as far as its budget goes. `gated` where only
    values above 0 beyond their errors will be paid: then those alone decide how sure shares are.

    Raises:
        CopiesNotCheckedError: What was submitted has not been compared for copies, and is too much to do it now.
        FindingsWaitError: An operator has to decide about copies first.
        NothingToValueError: No submission is accepted.
        RunRefusedError: The model cannot be built over these rows, the budget covers no pilot, or what is to be kept of
            so many sellers and validation rows is more than the database takes.
    """
    copies.ensure_checked(request=request)
    started = time.perf_counter()
    try:
        manifest = inputs.freeze(request=request)
    except ValuationError as error:
        raise RunRefusedError(str(error), code=error.code) from error
    run = ValuationRun.objects.create(
        request=request,
        inputs_sha256=manifest.sha256,
        manifest=manifest,
        method_version=METHOD_VERSION,
        seed=seed,
        precision_target=precision_target,
        due_relative=due_target.relative if due_target else None,
        due_absolute=due_target.absolute if due_target else None,
        gated=gated,
        evaluations_max=evaluations_max,
        row_evaluations_max=row_plan(manifest).evaluations_max,
        on_end_task=on_end_task,
        triggered_by=by,
        progress=Progress(freeze_seconds=time.perf_counter() - started, merge_seconds=0.0),
    )
    plan = plan_of(run)
    try:
        state = plan.start()
    except ValuationError as error:
        raise RunRefusedError(str(error), code=error.code) from error
    sellers, valid = plan.first.n_groups, request.validation_rows
    if plan.first.state_bytes(valid) > STATE_BYTES_MAX:
        raise RunRefusedError(
            f"{sellers} sellers by {valid} validation rows are more than one round can keep.",
            remedy="The buyer has to open one with fewer validation rows, or several for fewer sellers each.",
        )
    RunState.objects.create(run=run, archive=state.to_bytes())
    events.record(action="run.started", subject=run, by=by, data={"inputs_sha256": manifest.sha256, "seed": seed})
    _open_wave(run, plan.next_wave(state))
    return run


def advance(*, run_id: uuid.UUID) -> bool:
    """Merge a finished wave in block order, then plan the next one or end the run. Returns whether anything moved.

    Whoever finishes the last block of a wave calls this; so does the sweeper. The row lock makes one of them do it, and
    the others find that the wave has moved on. What would break down again at every sweep ends the run by its name.
    """
    try:
        return _advance(run_id)
    except Exception as error:
        if breakdowns.is_the_machines(error) or breakdowns.is_the_workers(error):
            raise
        log.exception("run.broke_down", run_id=str(run_id))
        is_ours = isinstance(error, ValuationError | FaircutError)
        fail(
            run_id=run_id, error=str(error) if is_ours else breakdowns.in_words("Merging what the workers found", error)
        )
        return True


@transaction.atomic
def _advance(run_id: uuid.UUID) -> bool:
    run = ValuationRun.objects.select_for_update().get(pk=run_id)
    if run.state != ValuationRun.State.RUNNING:
        return False
    wave = run.blocks.filter(wave=run.wave)
    if wave.exclude(state=WorkBlock.State.DONE).exists():
        return False
    if run.method_version != METHOD_VERSION:
        _end(run, ValuationRun.State.FAILED, by=None, error=_outdated(run))
        return True
    started = time.perf_counter()
    plan = plan_of(run)
    merged = RunState.objects.select_for_update().get(run=run)
    state = core_plan.PlanState.from_bytes(bytes(merged.archive))
    for row in wave.order_by("number").iterator():
        state = plan.merge(state, blocks.planned(row), blocks.result_of(row))
    merged.archive = state.to_bytes()
    merged.save(update_fields=["archive"])
    run.evaluations_spent = state.evaluations
    run.progress = _progress(run, plan, state, merge_seconds=time.perf_counter() - started)
    following = plan.next_wave(state)
    if following:
        run.wave += 1
        run.save(update_fields=["wave", "evaluations_spent", "progress"])
        _open_wave(run, following)
    else:
        run.outcome = outcomes.conclude(run=run, plan=plan, state=state)
        _end(run, ValuationRun.State.FINISHED, by=None)
    return True


def mark_running(*, run_id: uuid.UUID) -> bool:
    """Note that a worker has begun; returns whether the run still wants work."""
    now = timezone.now()
    ValuationRun.objects.filter(pk=run_id, state=ValuationRun.State.QUEUED).update(
        state=ValuationRun.State.RUNNING, started_at=now
    )
    return ValuationRun.objects.filter(pk=run_id, state=ValuationRun.State.RUNNING).exists()


@transaction.atomic
def fail(*, run_id: uuid.UUID, error: str) -> None:
    """End a run that cannot go on, with the sentence that its operator reads."""
    run = ValuationRun.objects.select_for_update().get(pk=run_id)
    if not run.has_ended:
        _end(run, ValuationRun.State.FAILED, by=None, error=error)


@transaction.atomic
def cancel(*, run: ValuationRun, by: User) -> ValuationRun:
    """Stop a run that is queued or running; blocks in flight are thrown away.

    Raises:
        ConflictError: The run has already ended.
    """
    run = ValuationRun.objects.select_for_update().get(pk=run.pk)
    if run.has_ended:
        raise ConflictError(f"The run is {run.state} already.", code="run_ended")
    _end(run, ValuationRun.State.CANCELLED, by=by)
    return run


def revive(*, run_id: uuid.UUID) -> None:
    """Get a run going again after a crash: fail a poisonous block, merge a forgotten wave, send lost hints again.

    Hints that are still on their way are not known here; one too many finds nothing to claim.
    """
    poison = blocks.poisonous(run_id=run_id)
    if poison is not None:
        fail(run_id=run_id, error=f"Block {poison.number} ended {poison.attempts} workers; see their logs.")
        return
    if advance(run_id=run_id):
        return
    recent = timezone.now() - dt.timedelta(seconds=HINT_SILENCE_SECONDS)
    in_flight = WorkBlock.objects.filter(run_id=run_id).filter(
        Q(state=WorkBlock.State.LEASED, leased_until__gte=timezone.now()) | Q(done_at__gte=recent)
    )
    lost = blocks.expired_count(run_id=run_id) if in_flight.exists() else blocks.claimable_count(run_id=run_id)
    if lost:
        log.info("run.revived", run_id=str(run_id), hints=lost)
        send_work(run_id=run_id, count=lost)


def send_work(*, run_id: uuid.UUID, count: int) -> None:
    """Put hints on the broker, one a block; a lost hint is sent again by the sweeper."""
    for _ in range(count):
        celery_app.send_task("valuation.work", kwargs={"run_id": str(run_id)})


def _outdated(run: ValuationRun) -> str:
    return (
        f"The run began under {run.method_version} and the workers now run {METHOD_VERSION}: "
        "two methods must not share one result. Start a new round."
    )


def _open_wave(run: ValuationRun, planned: list[core_plan.Block]) -> None:
    WorkBlock.objects.bulk_create(
        WorkBlock(run=run, number=block.number, wave=run.wave, kind=block.kind, params=block.params)
        for block in planned
    )
    # Robust: with the broker away the wave is there all the same, and the sweeper sends its hints later.
    transaction.on_commit(lambda: send_work(run_id=run.pk, count=len(planned)), robust=True)


def _progress(run: ValuationRun, plan: RunPlan, state: core_plan.PlanState, *, merge_seconds: float) -> Progress:
    figures = plan.first.progress(plan.first_state(state))
    rows = RowProgress(**plan.second.progress(plan.second_state(state)))
    sellers = SellerProgress(evaluations_left=figures.pop("evaluations_left", 0))
    whole_run = {
        "wave": state.wave,
        "blocks": state.blocks_merged,
        "evaluations": state.evaluations,
        "evaluations_left": sellers.evaluations_left + rows.evaluations_left,
    }
    return Progress(
        **(figures | whole_run),
        sellers=sellers,
        rows=rows,
        freeze_seconds=run.progress.freeze_seconds,
        merge_seconds=run.progress.merge_seconds + merge_seconds,
    )


def _end(run: ValuationRun, state: ValuationRun.State, *, by: User | None, error: str = "") -> None:
    run.state = state
    run.error = error
    run.finished_at = timezone.now()
    run.save()
    events.record(action=f"run.{state.value}", subject=run, by=by, data={"error": error} if error else None)
    transaction.on_commit(lambda: celery_app.send_task(run.on_end_task, kwargs={"run_id": str(run.pk)}), robust=True)
