"""Data Shapley and Data Banzhaf of rows against enumeration."""

import numpy as np
import pytest

from tests.oracles.games_at_random import TableGame, learning_table
from valuation.core import estimate_points, exact_shapley
from valuation.core.errors import BudgetTooSmallError, InvalidSpecError, UtilityNotFiniteError

METHODS = ["permutation", "banzhaf"]


def exact_banzhaf(game):
    codes = np.arange(len(game.utilities))
    member = ((codes[:, None] >> np.arange(game.n_players)) & 1).astype(bool)
    return np.array([game.utilities[column].mean() - game.utilities[~column].mean() for column in member.T])


EXACT = {"permutation": exact_shapley, "banzhaf": exact_banzhaf}


def estimate(game, method, budget=300, seed=0):
    return estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("method", "n", "budget"),
    [("permutation", 5, 300), ("permutation", 8, 900), ("banzhaf", 3, 400), ("banzhaf", 8, 400)],
)
def test_values_scatter_about_the_truth_as_their_standard_errors_say(method, n, budget):
    game = learning_table(n, np.random.default_rng(n))
    truth = EXACT[method](game)
    found = [estimate(game, method, budget, seed) for seed in range(1000)]

    z = np.array([(result.values - truth) / result.standard_errors for result in found])

    # Runs are independent, players of one run are not: errors of both means come from runs.
    assert (np.abs(z.mean(axis=0)) < 4.5 / np.sqrt(len(z))).all()
    squares = (z**2).mean(axis=1)
    assert abs(squares.mean() - 1) < 4.5 * squares.std() / np.sqrt(len(z))
    assert squares.std() / np.sqrt(len(z)) < 0.06
    inside = np.mean([(ends[:, 0] <= truth) & (truth <= ends[:, 1]) for ends in (r.interval(0.9) for r in found)])
    assert inside == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_error_falls_as_one_over_the_root_of_the_budget(method):
    game = learning_table(6, np.random.default_rng(1))
    truth = EXACT[method](game)

    error = [
        np.sqrt(np.mean([(estimate(game, method, budget, seed).values - truth) ** 2 for seed in range(60)]))
        for budget in (200, 3200)
    ]

    assert error[0] / error[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_values_of_the_same_draws_are_linear_in_the_game(method):
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 2**6))

    mixed = estimate(TableGame(2 * first - 3 * second), method).values

    parts = [estimate(TableGame(table), method).values for table in (first, second)]
    np.testing.assert_allclose(mixed, 2 * parts[0] - 3 * parts[1], atol=1e-12)


def test_data_shapley_sums_to_the_pot_and_gives_a_null_player_nothing():
    table = np.random.default_rng(3).normal(size=2**5)
    game = TableGame(np.concatenate([table, table]))

    result = estimate(game, "permutation")

    assert result.values.sum() == pytest.approx(table[-1] - table[0], abs=1e-13)
    assert (result.values[5], result.standard_errors[5]) == (0, 0)


def test_data_banzhaf_of_a_null_player_is_0_within_its_error():
    table = np.random.default_rng(3).normal(size=2**5)
    z = []
    for seed in range(200):
        result = estimate(TableGame(np.concatenate([table, table])), "banzhaf", seed=seed)
        z.append(result.values[5] / result.standard_errors[5])

    assert abs(np.mean(z)) < 4 / np.sqrt(200)
    assert np.std(z) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_a_game_that_never_changes_has_values_and_errors_of_0(method):
    result = estimate(TableGame(np.full(2**4, 0.7)), method)

    assert not result.values.any()
    assert not result.standard_errors.any()


@pytest.mark.parametrize(("method", "budget", "spent"), [("permutation", 101, 58), ("banzhaf", 101, 101)])
def test_budget_is_never_exceeded(method, budget, spent):
    game = learning_table(8, np.random.default_rng(4))

    result = estimate(game, method, budget)

    assert (game.evaluations, result.evaluations) == (spent, spent)


@pytest.mark.parametrize(("method", "needed"), [("permutation", 2 + 8 * 7), ("banzhaf", 64)])
def test_too_small_a_budget_names_the_smallest_and_spends_nothing(method, needed):
    game = learning_table(8, np.random.default_rng(5))

    with pytest.raises(BudgetTooSmallError) as refused:
        estimate(game, method, needed - 1)

    assert (refused.value.needed, game.evaluations) == (needed, 0)
    assert estimate(game, method, needed).evaluations == needed


@pytest.mark.parametrize("method", METHODS)
def test_no_row_and_one_row_are_exact(method):
    nobody, single = TableGame(np.array([0.5])), TableGame(np.array([0.5, 0.75]))

    none, one = estimate(nobody, method, 0), estimate(single, method, 2)

    assert (none.values.shape, none.standard_errors.shape, none.evaluations, nobody.evaluations) == ((0,), (0,), 0, 0)
    assert (one.values.tolist(), one.standard_errors.tolist(), one.evaluations, one.seed) == ([0.25], [0], 2, None)
    with pytest.raises(BudgetTooSmallError):
        estimate(single, method, 1)


@pytest.mark.parametrize(("module", "n", "budget"), [("circles", 8, 300), ("orders", 12, 130)])
def test_circles_and_orders_are_walked_in_slices(monkeypatch, module, n, budget):
    game = learning_table(n, np.random.default_rng(6))
    whole = estimate(game, "permutation", budget)
    monkeypatch.setattr(f"valuation.core.sampling.{module}.slice_length", lambda _: 3)

    sliced = estimate(game, "permutation", budget)

    np.testing.assert_array_equal(whole.values, sliced.values)
    assert whole.seed == sliced.seed == int(np.random.default_rng(0).integers(2**63))


def test_an_unknown_method_and_a_utility_of_nan_are_refused():
    with pytest.raises(InvalidSpecError, match="permutation or truncated"):
        estimate(learning_table(3, np.random.default_rng(0)), "guess")
    for method in METHODS:
        with pytest.raises(UtilityNotFiniteError):
            estimate(TableGame(np.full(2**3, np.nan)), method)
