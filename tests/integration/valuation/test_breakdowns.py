"""What nobody expected ends a run at once and by its name; what the machines do is tried again."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from payouts.services import funding, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words
from tests.integration.valuation.market import make_market, start_run, work_off
from valuation import tasks
from valuation.core import runner
from valuation.core.errors import FitFailedError
from valuation.models import ValuationRun, WorkBlock
from valuation.services import blocks, inputs, outcomes, runs

pytestmark = pytest.mark.django_db

PRIVATE = "row 17 holds 52000 EUR"


class ClientError(Exception):
    """As botocore's: no OSError, and none of the computation's."""


ClientError.__module__ = "botocore.exceptions"


def breaking(error):
    def fail(*_, **__):
        raise error

    return fail


def work(run):
    tasks.work(run_id=str(run.pk))
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("error", [IndexError(PRIVATE), RuntimeError(PRIVATE), KeyError(PRIVATE)])
def test_a_foreign_exception_fails_the_run_at_once_by_name_and_without_its_text(monkeypatch, caplog, error):
    run = start_run(make_market())
    monkeypatch.setattr(runner, "run_block", breaking(error))

    work(run)

    assert run.state == ValuationRun.State.FAILED
    assert run.error == (
        f"Block 0 (ends) broke down with {type(error).__name__}, which nobody expected and which would happen "
        "again. The operators find the reason in the worker's log."
    )
    assert [block.attempts for block in run.blocks.filter(state=WorkBlock.State.LEASED)] == [1]
    assert "'exc_info': True, 'event': 'block.broke_down'" in caplog.text


def test_a_sentence_of_our_own_is_kept(monkeypatch):
    run = start_run(make_market())
    monkeypatch.setattr(runner, "run_block", breaking(FitFailedError("The model failed on 20 rows.")))

    assert (work(run).state, run.error) == (ValuationRun.State.FAILED, "The model failed on 20 rows.")


@pytest.mark.parametrize("error", [OperationalError("gone"), ConnectionResetError(), ClientError("503")])
def test_a_database_or_storage_out_of_reach_is_tried_again(monkeypatch, error):
    run = start_run(make_market())
    runs.mark_running(run_id=run.pk)
    block = blocks.claim(run_id=run.pk)
    monkeypatch.setattr(inputs, "load", breaking(error))

    with pytest.raises(type(error)):
        blocks.compute(run=run, block=block)

    run.refresh_from_db()
    assert not run.has_ended


@pytest.mark.parametrize("error", [MemoryError(), SoftTimeLimitExceeded()])
def test_a_worker_that_is_too_small_leaves_the_block_to_one_other(monkeypatch, error):
    run = start_run(make_market())
    runs.mark_running(run_id=run.pk)
    block = blocks.claim(run_id=run.pk)
    monkeypatch.setattr(runner, "run_block", breaking(error))

    with pytest.raises(type(error)):
        blocks.compute(run=run, block=block)
    block.attempts = 2
    with pytest.raises(blocks.BlockFailedError, match=f"broke down with {type(error).__name__}"):
        blocks.compute(run=run, block=block)


def test_a_worker_that_is_told_to_end_ends(monkeypatch):
    run = start_run(make_market())
    monkeypatch.setattr(runner, "run_block", breaking(SystemExit()))

    with pytest.raises(SystemExit):
        tasks.work(run_id=str(run.pk))

    run.refresh_from_db()
    assert run.state == ValuationRun.State.RUNNING


def test_a_merge_that_breaks_down_fails_the_run_too(monkeypatch):
    run = start_run(make_market())
    monkeypatch.setattr(outcomes, "conclude", breaking(ZeroDivisionError(PRIVATE)))

    while not work(run).has_ended:
        pass

    assert run.state == ValuationRun.State.FAILED
    assert run.error.startswith("Merging what the workers found broke down with ZeroDivisionError, which")


def test_a_merge_waits_for_the_database(monkeypatch):
    run = start_run(make_market())
    monkeypatch.setattr(outcomes, "conclude", breaking(OperationalError("gone")))

    with pytest.raises(OperationalError, match="gone"):
        work_off(run)

    run.refresh_from_db()
    assert run.state == ValuationRun.State.RUNNING


def test_the_round_says_on_its_page_what_broke_down(monkeypatch):
    request, operator = make_market(), scenario.person("operator")
    funding.record(request=request, amount_minor=scenario.POT_MINOR, bank_reference="BUYER-1", by=operator)
    draft = rounds.open_round(
        request=request,
        pot_minor=scenario.POT_MINOR,
        policy=scenario.policy(),
        precision_target=0.2,
        evaluations_max=20_000,
        seed=7,
        by=operator,
    )
    payout_round = rounds.trigger(payout_round=draft, by=operator)
    monkeypatch.setattr(runner, "run_block", breaking(IndexError(PRIVATE)))

    work(payout_round.run)
    rounds.conclude_valuing(run_id=str(payout_round.run_id))

    shown = words(browser(operator).get(page("round_detail", payout_round.pk)))
    assert "broke down with IndexError, which nobody expected" in shown
    assert PRIVATE not in shown
