import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import ProgrammingError, transaction
from django.utils import timezone

from marketplace.basics.errors import ConflictError
from marketplace.models import AuditEvent, Role
from tests.factories.accounts import make_member
from tests.factories.requests import make_request
from tests.integration.valuation.market import make_market, start_run, work_off
from valuation import tasks
from valuation.core.runner import run_plan
from valuation.documents import Manifest, Outcome
from valuation.models import PlayerValue, ValuationRun, WorkBlock
from valuation.selectors import runs as selectors
from valuation.services import blocks, inputs, runs
from valuation.services.run_plans import plan_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("gated", [True, False])
def test_the_plan_asks_how_sure_those_are_whom_the_round_pays(gated):
    run = runs.start(
        request=make_market(),
        seed=7,
        precision_target=0.2,
        evaluations_max=20_000,
        on_end_task="tests.nobody",
        by=make_member(Role.OPERATOR),
        gated=gated,
    )

    run.refresh_from_db()
    assert plan_of(run).first.gated is gated


def test_a_run_that_does_not_say_it_was_begun_when_all_looked_at_values_as_the_gate_does():
    assert ValuationRun().gated


def test_blocks_over_the_database_give_the_bits_of_the_library(finished_run):
    run = finished_run
    outcome = selectors.outcome(run)
    loaded = inputs.load(run)
    plan = plan_of(run)
    state = run_plan(plan, loaded.game, loaded.groups, run.seed, rows=loaded.rows)
    expected = plan.first.estimates(plan.first_state(state), run.seed)
    assert outcome.rules.keys() == {*expected, "hcdv", "hcdv_metric"}
    for rule, values in expected.items():
        np.testing.assert_array_equal(outcome.rules[rule].values, values.values)
        np.testing.assert_array_equal(outcome.rules[rule].covariance, values.covariance)
        np.testing.assert_array_equal(outcome.rules[rule].validation_covariance, values.validation_covariance)
    assert outcome.evaluations == state.evaluations

    rows, points = plan.second.estimate(plan.second_state(state), run.seed), selectors.point_values(run)
    np.testing.assert_array_equal(np.sort(points["value"].to_numpy()), np.sort(rows.values))
    np.testing.assert_array_equal(np.sort(points["value_without_lambda"].to_numpy()), np.sort(rows.metric_values))


def test_values_sum_to_what_all_rows_add(finished_run):
    outcome = selectors.outcome(finished_run)

    assert outcome.rules["fgsv"].values.sum() == pytest.approx(outcome.utility_full - outcome.utility_empty, abs=1e-12)
    assert [player.rows for player in outcome.players] == [15, 30, 60]


def test_the_order_in_which_workers_finish_does_not_matter(finished_run):
    forwards = selectors.outcome(finished_run)
    backwards = selectors.outcome(work_off(start_run(finished_run.request), order=lambda claimed: claimed[::-1]))

    np.testing.assert_array_equal(forwards.rules["fgsv"].values, backwards.rules["fgsv"].values)


def test_a_result_is_stored_once():
    run = start_run(make_market())
    runs.mark_running(run_id=run.pk)
    block = blocks.claim(run_id=run.pk)
    result, seconds = blocks.compute(run=run, block=block)

    assert blocks.store(block=block, result=result, seconds=seconds)
    assert not blocks.store(block=block, result=result, seconds=seconds)
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        WorkBlock.objects.filter(pk=block.pk).update(result=b"forged")


def test_a_block_is_held_by_one_worker_until_its_lease_ends():
    run = start_run(make_market())
    held = blocks.claim(run_id=run.pk)
    others = set()
    while (other := blocks.claim(run_id=run.pk)) is not None:
        others.add(other.number)
    assert held.number not in others

    WorkBlock.objects.filter(pk=held.pk).update(leased_until=timezone.now() - dt.timedelta(seconds=1))

    taken_over = blocks.claim(run_id=run.pk)
    assert (taken_over.number, taken_over.attempts) == (held.number, 2)


def test_a_wave_that_nobody_merged_is_merged_by_the_sweeper():
    run = start_run(make_market())
    runs.mark_running(run_id=run.pk)
    while (block := blocks.claim(run_id=run.pk)) is not None:
        result, seconds = blocks.compute(run=run, block=block)
        blocks.store(block=block, result=result, seconds=seconds)  # and the worker dies before it advances the run

    runs.revive(run_id=run.pk)

    run.refresh_from_db()
    assert run.evaluations_spent > 0
    assert run.wave == 1 or run.has_ended


def test_lost_hints_are_sent_again_but_not_those_in_flight(monkeypatch):
    run = start_run(make_market())
    sent = []
    monkeypatch.setattr(runs, "send_work", lambda *, run_id, count: sent.append((run_id, count)))

    runs.revive(run_id=run.pk)
    assert sent == [(run.pk, run.blocks.count())]

    runs.mark_running(run_id=run.pk)
    blocks.claim(run_id=run.pk)
    sent.clear()
    runs.revive(run_id=run.pk)
    assert sent == []


def test_a_block_that_keeps_killing_its_workers_fails_the_run():
    run = start_run(make_market())
    runs.mark_running(run_id=run.pk)
    block = blocks.claim(run_id=run.pk)
    past = timezone.now() - dt.timedelta(seconds=1)
    WorkBlock.objects.filter(pk=block.pk).update(attempts=blocks.ATTEMPTS_MAX, leased_until=past)

    runs.revive(run_id=run.pk)

    run.refresh_from_db()
    assert run.state == ValuationRun.State.FAILED
    assert f"Block {block.number} ended {blocks.ATTEMPTS_MAX} workers" in run.error


def test_a_cancelled_run_takes_no_more_work_and_ends_once():
    run = start_run(make_market())
    operator = make_member(Role.OPERATOR)

    runs.cancel(run=run, by=operator)

    assert not runs.mark_running(run_id=run.pk)
    with pytest.raises(ConflictError, match="cancelled already"):
        runs.cancel(run=run, by=operator)
    assert AuditEvent.objects.filter(action="run.cancelled", actor=operator).count() == 1


def test_without_a_submission_there_is_nothing_to_value():
    with pytest.raises(inputs.NothingToValueError, match="Nobody has submitted"):
        start_run(make_request())


def test_a_budget_without_a_pilot_is_refused_and_nothing_is_kept():
    with pytest.raises(runs.RunRefusedError), transaction.atomic():
        start_run(make_market(), budget=12)

    assert not ValuationRun.objects.exists()


def test_more_than_the_database_takes_is_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr(runs, "STATE_BYTES_MAX", 1_000)

    told = "validation rows are more than one round can keep"
    with pytest.raises(runs.RunRefusedError, match=told), transaction.atomic():
        start_run(make_market())

    assert not ValuationRun.objects.exists()


def test_frozen_inputs_cannot_be_exchanged():
    run = start_run(make_market())
    altered = Manifest.from_json(run.manifest.to_json() | {"rowwise": False})

    for change in ({"seed": 8}, {"inputs_sha256": "0" * 64}, {"manifest": altered}):
        with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
            ValuationRun.objects.filter(pk=run.pk).update(**change)


def test_the_same_submissions_freeze_to_the_same_hash():
    request = make_market()

    assert inputs.freeze(request=request) == inputs.freeze(request=request)


def test_a_run_within_its_budget_says_so():
    run = work_off(start_run(make_market(), target=1e-6, budget=3_000))

    assert run.state == ValuationRun.State.FINISHED
    assert run.evaluations_max == 3_000
    assert run.evaluations_spent <= run.evaluations_max + run.row_evaluations_max
    assert run.evaluations_spent - run.outcome.row_evaluations <= run.evaluations_max
    assert PlayerValue.objects.filter(run=run, rule="fgsv").count() == 3


def test_a_model_fitted_by_loop_and_a_metric_that_is_no_plain_mean_of_rows():
    spec = {"family": "sklearn", "params": {"estimator": "GaussianNB", "params": {}}, "seed": 0}

    run = work_off(start_run(make_market(model_spec=spec, metric="roc_auc"), target=0.5))

    outcome = selectors.outcome(run)
    assert outcome.rules["fgsv"].values.sum() == pytest.approx(outcome.utility_full - 0.5, abs=1e-12)
    errors = np.sqrt(np.diag(outcome.rules["fgsv"].validation_covariance))
    stored = PlayerValue.objects.filter(run=run, rule="fgsv").values_list("validation_standard_error", flat=True)
    np.testing.assert_allclose(sorted(stored), sorted(errors))
    assert errors.min() > 0


def test_one_seller_gets_everything():
    outcome = selectors.outcome(work_off(start_run(make_market(sizes=(25,)))))

    assert outcome.rules["fgsv"].values.tolist() == [outcome.utility_full - outcome.utility_empty]
    assert outcome.rules["fgsv"].covariance.tolist() == [[0.0]]


def test_a_model_that_does_not_exist_is_refused_before_anything_starts():
    spec = {"family": "crystal_ball", "params": {}, "seed": 0}

    with pytest.raises(runs.RunRefusedError, match="crystal_ball"), transaction.atomic():
        start_run(make_market(model_spec=spec))

    assert not ValuationRun.objects.exists()


def test_validation_rows_that_are_not_those_committed_are_refused():
    request = make_market()
    with request.validation_file.open("ab") as stream:
        stream.write(b"one byte more")

    with pytest.raises(inputs.InputsChangedError, match="committed at opening"), transaction.atomic():
        start_run(request)


def test_a_metric_of_another_task_is_refused():
    spec = {"family": "ridge_regression", "params": {}, "seed": 0}

    with pytest.raises(inputs.InputsChangedError, match="is a regression"), transaction.atomic():
        start_run(make_market(model_spec=spec, metric="r2"))


def test_half_a_frozen_file_is_written_anew_and_a_damaged_one_is_noticed():
    request = make_market()
    frozen = inputs.freeze(request=request)
    path = Path(default_storage.path(f"frozen/{frozen.arrays['X']}.npy"))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])

    run = start_run(request)
    assert path.read_bytes() == whole

    path.write_bytes(whole[:-1] + b"\0")
    inputs._load.cache_clear()
    with pytest.raises(ValueError, match="is damaged"):
        inputs.load(run)


def test_a_run_does_not_mix_two_methods(monkeypatch):
    run = start_run(make_market())
    monkeypatch.setattr(runs, "METHOD_VERSION", "fgsv-auto/next")

    finished = work_off(run)

    assert finished.state == ValuationRun.State.FAILED
    assert "fgsv-auto/next" in finished.error


def test_what_a_run_found_never_changes(finished_run):
    altered = Outcome.from_json(finished_run.outcome.to_json() | {"utility_full": 1.0})

    for change in (
        lambda: ValuationRun.objects.filter(pk=finished_run.pk).update(outcome=altered),
        lambda: PlayerValue.objects.filter(run=finished_run).update(value=1.0),
        lambda: PlayerValue.objects.filter(run=finished_run).delete(),
    ):
        with pytest.raises(ProgrammingError, match="Cannot update or delete rows"), transaction.atomic():
            change()


def test_one_broken_run_does_not_keep_the_others_from_being_revived(monkeypatch, caplog):
    first, second = start_run(make_market()), start_run(make_market())
    revived = []

    def revive(*, run_id):
        if run_id == second.pk:
            raise RuntimeError("broken")
        revived.append(run_id)

    monkeypatch.setattr(runs, "revive", revive)

    tasks.sweep()

    assert revived == [first.pk]


def test_sellers_and_single_rows_are_told_apart_with_budgets_of_their_own():
    run, seen = start_run(make_market()), []

    def look(claimed):
        fresh = ValuationRun.objects.get(pk=run.pk)
        seen.append(selectors.progress(fresh))
        return claimed

    run = work_off(run, order=look)

    steps = [now.step for now in seen]
    assert steps == sorted(steps, reverse=True)
    assert set(steps) == {"sellers", "rows"}
    for now in seen:
        most = run.evaluations_max if now.step == "sellers" else run.row_evaluations_max
        assert now.evaluations <= now.evaluations_max == most
    assert selectors.progress(run).evaluations == run.outcome.row_evaluations
