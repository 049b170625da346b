"""GSV and leave-one-out against enumeration, alone and from a run's blocks."""

from itertools import permutations

import numpy as np
import pytest

from tests.oracles.games_at_random import contiguous_groups, learning_table
from valuation.core import FgsvPlan, estimate_gsv, exact_shapley, group_game, leave_one_out, run_plan
from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.seller_sums import SellerGame

GROUPS = contiguous_groups((1, 2, 4, 3))


def drops(game, groups):
    lifted = group_game(game, groups)
    everyone = np.ones((1, len(groups)), dtype=bool)
    return lifted(everyone) - lifted(~np.eye(len(groups), dtype=bool))


def test_gsv_is_exact_from_all_coalitions():
    game = learning_table(10, np.random.default_rng(0))

    result = estimate_gsv(game, GROUPS, budget=16, rng=np.random.default_rng(0))

    np.testing.assert_allclose(result.values, exact_shapley(group_game(game, GROUPS)), atol=1e-13)
    assert result.evaluations == 16


def test_gsv_of_fifteen_sellers_is_exact_where_the_budget_pays_all_coalitions():
    groups = contiguous_groups((1,) * 15)
    game = learning_table(15, np.random.default_rng(8))

    result = estimate_gsv(game, groups, budget=2**15, rng=np.random.default_rng(0))

    np.testing.assert_allclose(result.values, exact_shapley(game), atol=1e-13)
    assert (result.evaluations, game.evaluations, result.standard_errors.any()) == (2**15, 2 * 2**15, False)


def test_sampled_gsv_is_within_its_standard_errors():
    groups = contiguous_groups((1,) * 14)
    game = learning_table(14, np.random.default_rng(1))
    truth = exact_shapley(game)
    squares = []
    for seed in range(60):
        result = estimate_gsv(game, groups, budget=1200, rng=np.random.default_rng(seed))
        assert result.evaluations <= 1200
        assert result.values.sum() == pytest.approx(truth.sum(), abs=1e-12)
        squares.append((((result.values - truth) / result.standard_errors) ** 2).mean())
    assert abs(np.mean(squares) - 1) < 4 * np.std(squares) / np.sqrt(60)


def test_fewer_than_four_circles_of_sellers_are_refused():
    game = learning_table(14, np.random.default_rng(1))
    groups = contiguous_groups((1,) * 14)

    with pytest.raises(BudgetTooSmallError, match="at least 730"):
        estimate_gsv(game, groups, budget=729, rng=np.random.default_rng(0))

    assert game.evaluations == 0
    assert estimate_gsv(game, groups, budget=730, rng=np.random.default_rng(0)).evaluations == 730


def test_leave_one_out_drops():
    game = learning_table(10, np.random.default_rng(2))

    np.testing.assert_allclose(leave_one_out(game, GROUPS).values, drops(game, GROUPS), atol=1e-13)


@pytest.mark.parametrize("n_groups", [1, 2, 4])
def test_run_gives_the_exact_seller_values(n_groups):
    groups = [np.concatenate(part) for part in np.array_split(np.array([[row] for row in range(12)]), n_groups)]
    game = learning_table(12, np.random.default_rng(3))
    plan = FgsvPlan(tuple(len(group) for group in groups), 1000, with_seller_game=True)

    found = plan.estimates(run_plan(plan, game, groups, 7), 7)

    np.testing.assert_allclose(found["gsv"].values, exact_shapley(group_game(game, groups)), atol=1e-12)
    np.testing.assert_allclose(found["leave_one_out"].values, drops(game, groups), atol=1e-12)


def test_run_of_many_sellers_samples_gsv_and_spends_no_more_than_its_budget():
    groups = contiguous_groups((1,) * 14)
    game = learning_table(14, np.random.default_rng(4))
    plan = FgsvPlan((1,) * 14, 8000, with_seller_game=True)

    found = plan.estimates(run_plan(plan, game, groups, 7), 7)

    assert game.evaluations <= 8000
    gsv = found["gsv"]
    assert np.abs((gsv.values - exact_shapley(game)) / gsv.standard_errors).max() < 4
    np.testing.assert_allclose(found["leave_one_out"].values, drops(game, groups), atol=1e-12)


def test_a_run_that_cannot_pay_four_circles_leaves_gsv_out():
    groups = contiguous_groups((1,) * 14)
    game = learning_table(14, np.random.default_rng(4))
    plan = FgsvPlan((1,) * 14, 2900, with_seller_game=True)

    found = plan.estimates(run_plan(plan, game, groups, 7), 7)

    assert set(found) == {"fgsv", "leave_one_out"}
    np.testing.assert_allclose(found["leave_one_out"].values, drops(game, groups), atol=1e-12)


def test_contributions_of_sampled_gsv_are_those_of_its_values():
    """Row by row the same circles: the mean over validation rows is the value, and every row sums to its own pot."""
    scores = np.random.default_rng(5).normal(size=(2**13, 7))

    class Rows:
        n_players = 13

        def __call__(self, coalitions):
            return self.rowwise(coalitions).mean(axis=1)

        def rowwise(self, coalitions):
            return scores[coalitions @ (1 << np.arange(13))]

    result = estimate_gsv(Rows(), contiguous_groups((1,) * 13), budget=1000, rng=np.random.default_rng(0))

    np.testing.assert_allclose(result.contributions.mean(axis=1), result.values, atol=1e-12)
    np.testing.assert_allclose(result.contributions.sum(axis=0), scores[-1] - scores[0], atol=1e-12)


def test_too_small_a_budget_is_refused():
    game = learning_table(10, np.random.default_rng(5))

    with pytest.raises(BudgetTooSmallError, match="at least 16"):
        estimate_gsv(game, GROUPS, budget=15, rng=np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(5))
def test_sampled_gsv_of_an_additive_game_has_no_error_and_no_nan(seed):
    """Every circle finds the same contributions, so that second moment and squared mean cancel to rounding."""
    worth = np.random.default_rng(seed).normal(1.0, 1.0, 15)

    class Additive:
        n_players = 15

        def __call__(self, coalitions):
            return 0.5 + coalitions @ worth

    result = estimate_gsv(Additive(), contiguous_groups((1,) * 15), budget=1500, rng=np.random.default_rng(seed))

    np.testing.assert_allclose(result.values, worth, atol=1e-12)
    np.testing.assert_array_equal(result.standard_errors, np.zeros(15))
    assert result.values.sum() == pytest.approx(worth.sum(), abs=1e-12)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_removal_curves_are_the_scores_as_sellers_leave(order):
    groups = np.split(np.arange(10), [1, 3, 6])
    worths = np.random.default_rng(3).normal(0.1, 0.3, 10)

    class Curve:
        n_players = 10

        def __call__(self, coalitions):
            return np.tanh(coalitions @ worths)

    plan = FgsvPlan((1, 2, 3, 4), budget=400, with_seller_game=True)
    state = run_plan(plan, Curve(), groups, 1)

    curve = plan.sellers.removal(state.arrays, order)

    left = [np.isin(np.arange(10), np.concatenate([groups[g] for g in order[k:]] or [[]])) for k in range(5)]
    np.testing.assert_allclose(curve, Curve()(np.array(left)), atol=1e-15)


def test_sellers_too_many_to_enumerate_have_no_removal_curve():
    assert SellerGame(20, 4).removal({"ends": np.array([0.0, 1.0])}, range(20)) is None
    assert SellerGame(1, 0).removal({"ends": np.array([0.2, 1.0])}, [0]).tolist() == [1.0, 0.2]
