"""What every estimator of row values owes at the edges: budgets, tiny games, constant and broken utilities."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.oracles.games_at_random import TableGame, learning_table
from valuation.core import NoStandardErrorsError, estimate_points
from valuation.core.baselines.beta_shapley import beta_shapley, size_weights
from valuation.core.baselines.complementary import complementary_shapley
from valuation.core.baselines.leverage_shap import leverage_shap
from valuation.core.baselines.permutation import permutation_shapley
from valuation.core.baselines.points import _ESTIMATORS
from valuation.core.baselines.truncated import truncated_shapley
from valuation.core.errors import BudgetTooSmallError, InvalidSpecError, UtilityNotFiniteError

METHODS = list(_ESTIMATORS)
EVALUATING = [method for method in METHODS if method != "random"]
SAMPLED = [method for method in EVALUATING if method != "equal"]


def estimate(game, method, budget, seed=0):
    return estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 8), st.integers(-1, 400), st.integers(0, 2**32 - 1))
@example(2, 400, 0)
@example(3, 400, 0)
@example(5, 400, 0)
def test_a_budget_is_never_exceeded_and_a_refusal_names_one_that_does(method, n, budget, seed):
    game = learning_table(n, np.random.default_rng(seed))
    try:
        result = estimate(game, method, budget, seed)
    except BudgetTooSmallError as refused:
        assert (game.evaluations, refused.needed > budget) == (0, True)  # noqa: PT017 - both outcomes are fine
        result = estimate(game, method, refused.needed, seed)
        budget = refused.needed

    assert game.evaluations == result.evaluations <= max(budget, 0)
    assert result.values.shape == (n,)
    assert np.isfinite(result.values).all()
    if result.standard_errors is not None:
        assert np.isfinite(result.standard_errors).all()
        assert (result.standard_errors >= 0).all()


@pytest.mark.parametrize("method", EVALUATING)
def test_a_utility_that_never_changes_leaves_values_and_errors_of_0(method):
    result = estimate(TableGame(np.full(2**6, 0.7)), method, 400)

    np.testing.assert_array_equal(result.values, 0)
    np.testing.assert_array_equal(result.walk_errors if method == "truncated" else result.standard_errors, 0)


@pytest.mark.parametrize("method", EVALUATING)
def test_a_game_where_every_row_harms_has_negative_values(method):
    sizes = ((np.arange(2**6)[:, None] >> np.arange(6)) & 1).sum(axis=1)

    result = estimate(TableGame(0.9 - 0.1 * sizes), method, 1000)

    assert (result.values < 0).all()


@pytest.mark.parametrize("method", EVALUATING)
def test_the_same_seed_gives_the_same_values_and_another_seed_others(method):
    game = learning_table(7, np.random.default_rng(1))

    first, again, other = (estimate(game, method, 250, seed) for seed in (0, 0, 1))

    np.testing.assert_array_equal(first.values, again.values)
    if first.seed is not None:
        assert first.seed == int(np.random.default_rng(0).integers(2**63))
        assert (first.values != other.values).any()


@pytest.mark.parametrize("method", EVALUATING)
def test_a_utility_of_nan_is_an_error(method):
    with pytest.raises(UtilityNotFiniteError):
        estimate(TableGame(np.full(2**4, np.nan)), method, 400)


@pytest.mark.parametrize("method", EVALUATING)
def test_no_row_and_one_row_are_exact(method):
    none = estimate(TableGame(np.array([0.5])), method, 0)
    one = estimate(TableGame(np.array([0.5, 0.25])), method, 2)

    assert (none.values.shape, none.evaluations) == ((0,), 0)
    assert (one.values.tolist(), one.standard_errors.tolist(), one.evaluations) == ([-0.25], [0], 2)


class Strict(TableGame):
    """It insists on boolean coalitions of its players."""

    def __call__(self, coalitions):
        assert (coalitions.dtype, coalitions.shape[1]) == (np.bool_, self.n_players)
        return super().__call__(coalitions)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("utilities", [[0.5], [0.5, 0.25]])
def test_estimators_called_by_themselves_take_no_row_and_one_row(method, utilities):
    game = Strict(np.array(utilities))
    result = _ESTIMATORS[method](game, budget=2, rng=np.random.default_rng(0))

    assert game.evaluations == result.evaluations
    if method != "random":
        assert result.values.tolist() == np.diff(utilities).tolist()
        assert result.standard_errors.tolist() == [0.0] * game.n_players
        assert result.method_version.endswith("-exact/1")
    if game.n_players and method != "random":
        with pytest.raises(BudgetTooSmallError, match="at least 2"):
            _ESTIMATORS[method](game, budget=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("utilities", [[0.5], [0.5, 0.25]])
def test_parameters_are_checked_of_few_rows_too(utilities):
    game = TableGame(np.array(utilities))

    assert beta_shapley(game, budget=2, rng=None, alpha=2.0, beta=2.0).values.tolist() == np.diff(utilities).tolist()
    with pytest.raises(InvalidSpecError, match="alpha"):
        beta_shapley(game, budget=2, rng=None, alpha=-1.0)
    with pytest.raises(InvalidSpecError, match="tolerance"):
        truncated_shapley(game, budget=2, rng=None, tolerance=1.0)
    whole = truncated_shapley(game, budget=2, rng=None)
    assert (whole.unassigned, whole.walked, whole.walk_errors.tolist()) == (0.0, 1.0, [0.0] * game.n_players)


@pytest.mark.parametrize("method", SAMPLED)
def test_slices_bound_memory(method, monkeypatch):
    game = learning_table(6, np.random.default_rng(2))
    largest = []
    monkeypatch.setattr("valuation.core.games.game._SLICE", 16)
    inner = game.__class__.__call__
    monkeypatch.setattr(TableGame, "__call__", lambda self, c: largest.append(len(c)) or inner(self, c))

    estimate(game, method, 400)

    assert max(largest) <= 16


def test_random_values_are_no_estimates_and_equal_ones_are_equal():
    game = learning_table(5, np.random.default_rng(3))

    random, equal = estimate(game, "random", 0), estimate(game, "equal", 2)

    assert (game.evaluations, random.evaluations, random.standard_errors) == (2, 0, None)
    assert len(set(random.values)) == 5
    with pytest.raises(NoStandardErrorsError):
        random.interval()
    assert equal.values.tolist() == [(game.utilities[-1] - game.utilities[0]) / 5] * 5


def test_without_tolerance_a_truncated_walk_is_a_whole_one():
    game = learning_table(20, np.random.default_rng(4))

    cut = truncated_shapley(game, budget=300, rng=np.random.default_rng(5), tolerance=0)

    # Too little for a circle, so that the other estimator walks orders too.
    whole = permutation_shapley(game, budget=300, rng=np.random.default_rng(5))
    np.testing.assert_allclose(cut.values, whole.values, atol=1e-15)
    assert (cut.walked, cut.evaluations) == (1, whole.evaluations)
    assert cut.unassigned == pytest.approx(0, abs=1e-14)
    with pytest.raises(NoStandardErrorsError):
        cut.interval()


@pytest.mark.parametrize("estimate_along", [permutation_shapley, beta_shapley])
def test_orders_have_an_interval_from_four_circles_on(estimate_along):
    game = learning_table(9, np.random.default_rng(4))

    few, enough = (estimate_along(game, budget=budget, rng=np.random.default_rng(5)) for budget in (289, 290))

    assert (few.evaluations, few.standard_errors) == (2 + 3 * 72, None)
    assert enough.evaluations == 290
    assert (enough.standard_errors > 0).all()


class Saturating:
    """Two of the first rows are enough, whatever comes before them cancels: sums of increments are 0 on the way."""

    n_players = 60

    def __call__(self, coalitions):
        useful = np.minimum(coalitions[:, :30].sum(axis=1), 2) / 2
        return useful - 0.5 * (coalitions.sum(axis=1) % 2) * (useful < 1)


def test_truncation_looks_at_the_distance_to_all_rows_and_saves_evaluations():
    game = Saturating()

    cut = truncated_shapley(game, budget=2000, rng=np.random.default_rng(6), tolerance=0.01)

    # The curve is flat from the second useful row on, at about the fourth place; five more prefixes confirm it.
    assert 0.1 < cut.walked < 0.25
    # A walk that went by the signed sum of increments would end where 0.5 and -0.5 cancel, before anything is earned.
    assert cut.values.sum() == pytest.approx(1, abs=0.01)
    assert cut.unassigned == pytest.approx(1 - cut.values.sum(), abs=1e-12)
    assert cut.evaluations <= 2000


@pytest.mark.parametrize("tolerance", [-0.1, 1, float("nan")])
def test_a_senseless_tolerance_is_refused(tolerance):
    with pytest.raises(InvalidSpecError):
        truncated_shapley(Saturating(), budget=2000, rng=np.random.default_rng(0), tolerance=tolerance)


@pytest.mark.parametrize(("alpha", "beta"), [(0, 1), (1, -1), (float("inf"), 1), (float("nan"), 1)])
def test_senseless_beta_parameters_are_refused(alpha, beta):
    with pytest.raises(InvalidSpecError):
        beta_shapley(Saturating(), budget=2000, rng=np.random.default_rng(0), alpha=alpha, beta=beta)


def test_beta_weights_stay_finite_for_many_rows():
    weights = size_weights(20_000, 16, 1)

    assert weights.sum() == pytest.approx(1, abs=1e-9)
    assert (np.diff(weights) < 0).all()


class Additive:
    n_players = 1100

    def __call__(self, coalitions):
        return coalitions @ np.arange(1100.0)


def test_more_coalitions_than_a_float_holds_are_no_problem():
    """C(1100, 550) is above the largest float; OpenDataVal's Banzhaf weights overflow there."""
    regressed = leverage_shap(Additive(), budget=2 + 4 * 1100, rng=np.random.default_rng(7))
    complementary = complementary_shapley(Additive(), budget=2000, rng=np.random.default_rng(7))

    np.testing.assert_allclose(regressed.values, np.arange(1100), atol=1e-5)
    assert np.isfinite(complementary.values).all()
