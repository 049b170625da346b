"""The plan as an executor meets it: blocks, waves, states."""

import dataclasses
import json

import numpy as np
import pytest

from valuation.core import Block, BlockResult, FgsvPlan, PlanState, run_block, run_plan
from valuation.core.errors import BudgetTooSmallError, PlanOrderError
from valuation.core.fgsv.precision import DueTarget
from valuation.core.results import share_standard_errors

SIZES = (30, 60, 120)
GROUPS = np.split(np.arange(210), [30, 90])


class RowGame:
    """Three validation rows, each a saturating score of other rows; counts what it is asked."""

    n_players = 210

    def __init__(self):
        self.weights = np.random.default_rng(0).gamma(1.0, 0.1, (210, 3))
        self.asked = 0

    def rowwise(self, coalitions):
        self.asked += len(coalitions)
        return 1 - np.exp(-(coalitions @ self.weights))

    def __call__(self, coalitions):
        return self.rowwise(coalitions).mean(axis=1)


def make_plan(**changes):
    given = {"group_sizes": SIZES, "budget": 20_000, "target": 0.004, "rowwise": True, "with_seller_game": True}
    return FgsvPlan(**{**given, **changes})


def assert_same(first, second):
    assert first.keys() == second.keys()
    for rule in first:
        for field in ("values", "covariance", "validation_covariance", "contributions"):
            np.testing.assert_array_equal(getattr(first[rule], field), getattr(second[rule], field))


def test_a_run_saved_at_every_block_gives_the_same_bits():
    plan, game = make_plan(), RowGame()
    straight = run_plan(plan, game, GROUPS, 11)
    saved = plan.start().to_bytes()
    while blocks := make_plan().next_wave(PlanState.from_bytes(saved)):
        done = {}
        for block in reversed(blocks):  # any order, on any machine
            sent = Block.from_json(json.loads(json.dumps(dataclasses.asdict(block))))
            done[block.number] = run_block(RowGame(), GROUPS, sent, 11).to_bytes()
        for block in blocks:
            state = make_plan().merge(PlanState.from_bytes(saved), block, BlockResult.from_bytes(done[block.number]))
            saved = state.to_bytes()

    resumed = PlanState.from_bytes(saved)

    assert saved == straight.to_bytes()
    assert_same(plan.estimates(resumed, 11), plan.estimates(straight, 11))


def test_blocks_are_numbered_without_gaps_and_waves_follow_merged_ones():
    plan, game = make_plan(), RowGame()
    state, numbers = plan.start(), []
    while blocks := plan.next_wave(state):
        assert {block.wave for block in blocks} == {state.wave}
        assert [dataclasses.asdict(block) for block in blocks] == [
            dataclasses.asdict(block) for block in plan.next_wave(state)
        ]
        for block in blocks:
            numbers.append(block.number)
            state = plan.merge(state, block, run_block(game, GROUPS, block, 1))
    assert numbers == list(range(len(numbers)))
    assert state.wave > 1


def test_merging_out_of_order_or_planning_too_early_is_refused():
    plan, game = make_plan(), RowGame()
    first, second = plan.next_wave(plan.start())[:2]
    result = run_block(game, GROUPS, second, 1)

    with pytest.raises(PlanOrderError, match="block 0 is next"):
        plan.merge(plan.start(), second, result)
    halfway = plan.merge(plan.start(), first, run_block(game, GROUPS, first, 1))
    with pytest.raises(PlanOrderError, match="1 are merged"):
        plan.next_wave(halfway)
    with pytest.raises(PlanOrderError):
        plan.merge(halfway, first, result)


def test_merge_leaves_the_old_state_alone():
    plan, game = make_plan(), RowGame()
    state = plan.start()
    for block in plan.next_wave(state)[:3]:
        before = state.to_bytes()
        merged = plan.merge(state, block, run_block(game, GROUPS, block, 1))
        assert state.to_bytes() == before
        state = merged


@pytest.mark.parametrize("budget", [600, 900, 2500, 5001])
def test_the_budget_is_never_exceeded_and_counts_what_was_asked(budget):
    plan, game = make_plan(budget=budget, target=None), RowGame()

    state = run_plan(plan, game, GROUPS, 1)

    assert game.asked == state.evaluations
    assert budget - 40 <= state.evaluations <= budget


def test_a_budget_below_one_pilot_is_refused_with_the_least_that_would_do():
    with pytest.raises(BudgetTooSmallError) as refused:
        make_plan(budget=50).start()

    make_plan(budget=refused.value.needed).start()


def test_the_run_stops_at_its_target():
    plan, game = make_plan(), RowGame()

    state = run_plan(plan, game, GROUPS, 1)

    assert plan.enough(state)
    interval = plan.estimate(state).share_interval(0.95)
    assert (interval[:, 1] - interval[:, 0]).max() / 2 <= 0.004
    assert state.evaluations < 20_000
    assert plan.next_wave(state) == []


def test_contributions_of_validation_rows_average_to_the_values_of_every_rule():
    plan, game = make_plan(), RowGame()

    for result in plan.estimates(run_plan(plan, game, GROUPS, 1)).values():
        assert result.contributions.shape == (3, 3)
        np.testing.assert_allclose(result.contributions.mean(axis=1), result.values, atol=1e-12)


def test_contributions_are_the_values_of_each_validation_row_as_a_game_of_its_own():
    plan, game = make_plan(target=None, budget=3000), RowGame()
    state = run_plan(plan, game, GROUPS, 1, enough=lambda _: True)

    class OneRow(RowGame):
        def rowwise(self, coalitions):
            return super().rowwise(coalitions)[:, 1:2]

    alone = run_plan(plan, OneRow(), GROUPS, 1, enough=lambda _: True)

    np.testing.assert_allclose(plan.estimate(state).contributions[1 - 1 :, 1], plan.estimate(alone).values, atol=1e-12)


def test_progress_tells_values_only_once_the_first_wave_is_merged():
    plan, game = make_plan(), RowGame()
    first = plan.next_wave(plan.start())[0]
    early = plan.progress(plan.merge(plan.start(), first, run_block(game, GROUPS, first, 1)))

    late = plan.progress(run_plan(plan, game, GROUPS, 1))

    assert early == {"wave": 1, "blocks": 1, "evaluations": 2}
    assert late["share_half_width"] <= 0.004
    assert late["evaluations_left"] == 0
    json.dumps(late)


def test_pickled_results_are_refused():
    poisoned = np.array([{"a": 1}], dtype=object)

    with pytest.raises(ValueError, match="allow_pickle"):
        BlockResult({"sums": poisoned}, 1).to_bytes()


class NoisyRows(RowGame):
    """Five sellers; what the last three are worth shows on one validation row of four only."""

    def __init__(self):
        super().__init__()
        self.weights = np.random.default_rng(1).gamma(1.0, 0.01, (210, 4))
        self.weights[84:, 1:] = 0.0
        self.weights[84:, 0] *= 4.0


def test_the_run_goes_on_until_the_shares_that_are_paid_are_precise():
    game, groups = NoisyRows(), np.split(np.arange(210), 5)
    given = {"group_sizes": (42,) * 5, "with_seller_game": False, "budget": 60_000, "gated": True}
    state = run_plan(make_plan(**given), game, groups, 1, enough=lambda _: True)
    known = make_plan(**given).estimate(state)
    errors = np.sqrt(known.standard_errors**2 + np.diag(known.validation_covariance))
    gate = known.values - 1.96 * errors > 0
    assert gate.tolist() == [True, True, False, False, False]
    assert (known.values > 0).all()
    ungated = 1.96 * share_standard_errors(known.values, known.covariance).max()
    paid = 1.96 * share_standard_errors(known.values * gate, known.covariance).max()
    assert make_plan(**given).share_half_width(state) == pytest.approx(paid, rel=1e-4)
    plan = make_plan(**given, target=float(ungated + paid) / 2)  # all shares are that precise, those paid are not

    finished = run_plan(plan, game, groups, 1)

    assert ungated < plan.target < paid
    assert not plan.enough(state)
    assert plan.next_wave(state)
    assert plan.enough(finished)
    # Where every positive value is paid all of them are: the same draws are enough.
    assert dataclasses.replace(plan, gated=False).enough(state)
    result = plan.estimate(finished)
    assert 1.96 * share_standard_errors(result.values * gate, result.covariance).max() <= plan.target


@pytest.mark.parametrize("constant", [0.5, 1e6, -3.0])
@pytest.mark.parametrize("target", [0.02, None])
@pytest.mark.parametrize("sizes", [SIZES, (15,) * 14])
def test_a_constant_utility_is_worth_exactly_nothing_and_small_budgets_do_not_know_how_exactly(constant, target, sizes):
    class Constant(RowGame):
        def rowwise(self, coalitions):
            self.asked += len(coalitions)
            return np.full((len(coalitions), 3), constant)

    plan, game = make_plan(group_sizes=sizes, target=target), Constant()
    groups = np.split(np.arange(210), np.cumsum(sizes)[:-1])

    state = run_plan(plan, game, groups, 1)

    # Draws that are all alike are not believed: all of the budget looks at every size.
    assert state.evaluations > 0.9 * plan.budget
    assert not plan.enough(state)
    assert plan.share_half_width(state) == np.inf
    assert plan.estimate(state).withheld.all()
    for result in plan.estimates(state, 1).values():
        np.testing.assert_array_equal(result.values, np.zeros(len(sizes)))
        np.testing.assert_array_equal(result.covariance, np.zeros((len(sizes), len(sizes))))
        np.testing.assert_array_equal(result.shares, np.zeros(len(sizes)))
    json.dumps(plan.progress(state), allow_nan=False)


def test_the_size_of_a_state_is_known_before_it_is_there():
    class Wide(RowGame):
        def rowwise(self, coalitions):
            return np.tile(super().rowwise(coalitions), 200)

    plan = make_plan(budget=2_000, with_seller_game=False)

    state = run_plan(plan, Wide(), GROUPS, 1)

    assert len(state.to_bytes()) == pytest.approx(plan.state_bytes(600), rel=0.1)


def test_the_run_goes_on_until_nobody_s_amount_moves_by_more_than_a_part_of_it():
    plan = make_plan(target=None, rowwise=False, budget=60_000, due_target=DueTarget(relative=1 / 40, absolute=1e-4))

    state = run_plan(plan, RowGame(), GROUPS, 1)

    found = plan.estimate(state)
    assert plan.enough(state)
    assert state.evaluations < 60_000
    assert (found.standard_errors <= found.values / 40).all()
    loose = make_plan(target=None, rowwise=False, budget=60_000, due_target=DueTarget(relative=1 / 10, absolute=1e-4))
    assert run_plan(loose, RowGame(), GROUPS, 1).evaluations < state.evaluations


def test_the_run_stops_where_only_more_validation_rows_would_help():
    plan = make_plan(target=None, budget=60_000, due_target=DueTarget(relative=1e-9, absolute=0.0))

    state = run_plan(plan, RowGame(), GROUPS, 1)

    found = plan.estimate(state)
    assert plan.enough(state)
    assert state.evaluations < 60_000
    assert (found.standard_errors**2 <= np.diag(found.validation_covariance) / 4).all()
