"""Try attacks on a round that was valued, and keep what each would have gained; nothing that is paid depends on it."""

import uuid

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction

from marketplace.basics.errors import ConflictError
from marketplace.celery import app as celery_app
from marketplace.models import User
from marketplace.services import events
from payouts.documents import AttackFigures
from payouts.models import AttackProgress, AttackRetry, AttackTest, PayoutRound
from payouts.selectors.audit import attack_tries
from payouts.services import attack_figures, locks
from valuation.core.errors import ValuationError
from valuation.core.fgsv.plan import METHOD_VERSION
from valuation.models import ValuationRun
from valuation.services import blocks
from valuation.services.attacks import Paused, go_on

log = structlog.get_logger(__name__)

Kind = AttackTest.Kind
# Lost hints are sent again after this long.
HINT_SECONDS = 120
# An attack that takes longer lets others have the worker, and goes on from there in another task.
SECONDS_AT_A_TIME = 5.0


def send_all(payout_round: PayoutRound) -> None:
    """Put a hint on the broker for every attack not yet tried, once the transaction is committed."""
    wanted = attack_tries.asked(payout_round)
    if wanted is None:
        return
    for kind in attack_tries.running(payout_round):
        if cache.add(_hint(payout_round.pk, kind.value, wanted.times), "sent", HINT_SECONDS):
            _send(payout_round.pk, kind.value, wanted.times)


@transaction.atomic
def try_again(*, payout_round: PayoutRound, times: int, by: User) -> AttackRetry:
    """Have every attack tried with so many times the first budget; a repeat of the same press changes nothing.

    Raises:
        ConflictError: Attacks are still being tried, or this is not the budget that comes next.
    """
    held = locks.lock_round(payout_round.pk)
    asked_before = held.attack_retries.filter(times=times).first()
    if asked_before is not None:
        return asked_before
    if attack_tries.running(held):
        raise ConflictError(
            "The attacks are still being tried.", remedy="Read the report again when they are through.",
            code="attacks_running",
        )  # fmt: skip
    if times != attack_tries.next_times(held):
        raise ConflictError(
            "The attacks on this round cannot be tried with that budget.",
            remedy="Open the audit report anew and use the button that it shows.",
            code="attacks_other_budget",
        )
    retry = AttackRetry.objects.create(round=held, times=times, by=by)
    events.record(action="round.attacks_asked_again", subject=held, by=by, data={"times": times})
    send_all(held)
    return retry


def try_attack(*, round_id: uuid.UUID, kind: str, times: int = 1) -> AttackTest | None:
    """Work on one attack for some seconds, and store what it would gain once it is valued.

    One that is stored or being tried elsewhere changes nothing. What goes wrong is stored too, and the report says it.
    """
    payout_round = PayoutRound.objects.select_related("run").get(pk=round_id)
    run = payout_round.run
    if run is None or run.state != ValuationRun.State.FINISHED:
        return None
    if blocks.any_waits():
        # A round that is being valued keeps people waiting, an attack nobody: the sweeper asks for it again.
        cache.delete(_hint(round_id, kind, times))
        return None
    with locks.only_here(f"attack:{round_id}:{kind}:{times}") as mine:
        if not mine or payout_round.attack_tests.filter(kind=kind, times=times).exists():
            return None
        figures = _figures_or_why_not(payout_round, run, kind, times)
        test = None if figures is None else _store(payout_round, kind, times, figures)
    if test is None:
        # Sent after the lock is free again, or the next worker would leave the attack alone.
        cache.set(_hint(round_id, kind, times), "sent", HINT_SECONDS)
        _send(round_id, kind, times)
    return test


def _figures_or_why_not(payout_round: PayoutRound, run: ValuationRun, kind: str, times: int) -> AttackFigures | None:
    """The figures of an attack, or what is said of one that failed; None where it has to go on in another task."""
    try:
        return _figures(payout_round, run, kind, times)
    except (OperationalError, InterfaceError):
        raise  # The database is away: the task is tried again.
    except ValuationError as error:
        return attack_figures.not_tried(str(error))
    except SoftTimeLimitExceeded:
        return attack_figures.not_tried("One block of evaluations took longer than a task may take.")
    except Exception as error:
        log.exception("attack.broke_down", round_id=str(payout_round.pk), kind=kind, times=times)
        return attack_figures.not_tried(f"It broke down with {type(error).__name__}: {error}")


def _figures(payout_round: PayoutRound, run: ValuationRun, kind: str, times: int) -> AttackFigures | None:
    scene = attack_figures.scene_of(payout_round, run)
    disguise = attack_figures.disguise_of(scene, kind)
    if disguise is None:
        return attack_figures.figures_of(scene, kind, attack_figures.as_valued(scene))
    # What an earlier release merged is of no use to this one: then the attack starts anew.
    kept = AttackProgress.objects.filter(
        round=payout_round, kind=kind, times=times, method_version=METHOD_VERSION
    ).first()
    paused = None if kept is None else Paused(bytes(kept.archive), kept.wave, kept.evaluations)
    found = go_on(run=run, disguise=disguise, times=times, paused=paused, seconds=SECONDS_AT_A_TIME)
    if isinstance(found, Paused):
        now = {
            "method_version": METHOD_VERSION,
            "archive": found.archive,
            "wave": found.wave,
            "evaluations": found.evaluations,
        }
        AttackProgress.objects.update_or_create(round=payout_round, kind=kind, times=times, defaults=now)
        return None
    return attack_figures.figures_of(scene, kind, found)


@transaction.atomic
def _store(payout_round: PayoutRound, kind: str, times: int, figures: AttackFigures) -> AttackTest:
    AttackProgress.objects.filter(round=payout_round, kind=kind, times=times).delete()
    test, _ = AttackTest.objects.get_or_create(
        round=payout_round, kind=kind, times=times, defaults={"figures": figures}
    )
    log.info("attack.tried", round_id=str(payout_round.pk), kind=kind, times=times, error=figures.error)
    return test


def _hint(round_id: uuid.UUID, kind: str, times: int) -> str:
    return f"attack:{round_id}:{kind}:{times}"


def _send(round_id: uuid.UUID, kind: str, times: int) -> None:
    arguments = {"round_id": str(round_id), "kind": kind, "times": times}
    transaction.on_commit(lambda: celery_app.send_task("payouts.try_attack", kwargs=arguments), robust=True)
