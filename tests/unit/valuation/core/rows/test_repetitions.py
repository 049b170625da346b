"""Repeated HCDV: what a single run has, the scatter between runs, and the same bits however blocks are run."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.valuation.core.rows.test_plan import CONFIG, ROWS, Game, N
from valuation.core import FgsvPlan, HcdvPlan, PlanSequence, PlanState, run_block, run_plan
from valuation.core.errors import InvalidSpecError, PlanOrderError
from valuation.core.results import NoStandardErrorsError
from valuation.core.rows.repetitions import RepeatedHcdvPlan, hcdv_group_sums

PLAN = RepeatedHcdvPlan(HcdvPlan(N, replace(CONFIG, permutations=(2,), leaf_size=20)), 4)
GROUPS = [np.arange(20), np.arange(20, N)]


@pytest.fixture(scope="module")
def state():
    return run_plan(PLAN, Game(), [], 3, rows=ROWS)


def test_values_are_the_means_of_independent_repetitions_and_sum_to_the_pot(state):
    found, own = PLAN.estimate(state), [PLAN.plan.estimate(one) for one in PLAN.states(state)]

    np.testing.assert_allclose(found.values, np.mean([one.values for one in own], axis=0), atol=1e-15)
    np.testing.assert_allclose(found.metric_values, np.mean([one.metric_values for one in own], axis=0), atol=1e-15)
    assert len({one.values.tobytes() for one in own}) == 4
    assert found.metric_values.sum() == pytest.approx(np.ptp(Game()(np.array([[False], [True]]).repeat(N, 1))))
    assert found.evaluations == sum(one.evaluations for one in own) <= PLAN.evaluations_max
    assert [level.evaluations for level in found.levels] == [
        sum(levels) for levels in zip(*[[level.evaluations for level in one.levels] for one in own], strict=True)
    ]


def test_the_first_repetition_is_the_plan_alone(state):
    alone = run_plan(PLAN.plan, Game(), [], 3, rows=ROWS)

    assert PLAN.states(state)[0].to_bytes() == alone.to_bytes()


def test_errors_of_rows_and_of_sums_are_those_of_a_mean_of_four(state):
    found = PLAN.estimate(state)
    each = np.array([PLAN.plan.estimate(one).values for one in PLAN.states(state)])

    # Variance of the mean, times 3: the variance of Student's t with three degrees of freedom.
    np.testing.assert_allclose(found.standard_errors, np.sqrt(3 * each.var(axis=0, ddof=1) / 4))
    with_lambda, by_metric = hcdv_group_sums(found, GROUPS)
    of_groups = np.array([each[:, group].sum(axis=1) for group in GROUPS])
    np.testing.assert_allclose(with_lambda.values, of_groups.mean(axis=1))
    np.testing.assert_allclose(with_lambda.covariance, 3 * np.cov(of_groups) / 4)
    assert by_metric.values.sum() == pytest.approx(found.metric_values.sum())
    assert by_metric.covariance.sum() == pytest.approx(0.0, abs=1e-15)


def test_any_order_of_a_waves_blocks_and_any_crash_between_merges_gives_the_same_bits(state):
    both = PlanSequence(FgsvPlan((20, N - 20), budget=3_000), PLAN)
    straight = run_plan(both, Game(), GROUPS, 3, rows=ROWS)
    saved, results = both.start().to_bytes(), {}
    while blocks := both.next_wave(PlanState.from_bytes(saved)):
        for block in reversed(blocks):
            builds_on = block.params.get("builds_on")
            foundation = None if builds_on is None else results[builds_on].arrays
            results[block.number] = run_block(Game(), GROUPS, block, 3, rows=ROWS, foundation=foundation)
        for block in blocks:
            saved = both.merge(PlanState.from_bytes(saved), block, results[block.number]).to_bytes()

    assert saved == straight.to_bytes()
    assert both.second_state(straight).arrays.keys() == state.arrays.keys()
    assert PLAN.estimate(both.second_state(straight)).values.tolist() == PLAN.estimate(state).values.tolist()


def test_once_claims_no_error():
    once = RepeatedHcdvPlan(PLAN.plan, 1)

    found = once.estimate(run_plan(once, Game(), [], 3, rows=ROWS))

    assert found.standard_errors is None
    with pytest.raises(NoStandardErrorsError):
        hcdv_group_sums(found, GROUPS)


@pytest.mark.parametrize("repetitions", [0, 2, 3])
def test_repetitions_that_tell_no_error_are_refused(repetitions):
    with pytest.raises(InvalidSpecError, match="repetitions"):
        RepeatedHcdvPlan(PLAN.plan, repetitions)


def test_blocks_out_of_order_are_refused():
    first, second, *_ = PLAN.next_wave(PLAN.start())

    with pytest.raises(PlanOrderError):
        PLAN.merge(PLAN.start(), second, run_block(Game(), [], first, 3, rows=ROWS))


def test_progress_counts_all_repetitions(state):
    start, end = PLAN.progress(PLAN.start()), PLAN.progress(state)

    assert (start["levels"], start["levels_played"], start["evaluations_left"]) == (None, 0, PLAN.evaluations_max)
    alone = [PLAN.plan.progress(own) for own in PLAN.states(state)]
    assert (end["repetitions"], end["levels"]) == (4, 3)
    assert end["levels_played"] == alone[0]["levels_played"]
    assert end["evaluations"] == sum(one["evaluations"] for one in alone)
