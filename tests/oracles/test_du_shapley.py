"""DU-Shapley against its own expectation, by enumeration."""

from itertools import combinations

import numpy as np
import pytest

from tests.oracles.games_at_random import TableGame, contiguous_groups, learning_table
from valuation.core import du_shapley
from valuation.core.errors import BudgetTooSmallError, InvalidGroupsError

GROUPS = contiguous_groups((1, 2, 3, 2))


def expectation(game, groups):
    """Every subset of every size, halves rounded up."""
    n_groups = len(groups)
    values = []
    for g, own in enumerate(groups):
        rest = [row for h, other in enumerate(groups) if h != g for row in other]
        terms = []
        for k in range(n_groups):
            size = int(np.floor(k / (n_groups - 1) * len(rest) + 0.5))
            terms.append(
                np.mean([utility(game, [*own, *some]) - utility(game, some) for some in combinations(rest, size)])
            )
        values.append(np.mean(terms))
    return np.array(values)


def utility(game, members):
    return game.utilities[sum(1 << int(row) for row in members)]


def estimate(game, groups, budget=None, seed=0):
    return du_shapley(game, groups, rng=np.random.default_rng(seed), budget=budget)


def test_values_scatter_about_their_expectation_as_their_standard_errors_say():
    game = learning_table(8, np.random.default_rng(0))
    truth = expectation(game, GROUPS)
    found = [estimate(game, GROUPS, 10 + 30 * 16, seed) for seed in range(300)]

    z = np.array([(result.values - truth) / result.standard_errors for result in found])

    assert (np.abs(z.mean(axis=0)) < 4.5 / np.sqrt(len(z))).all()
    squares = (z**2).mean(axis=1)
    assert squares.std() / np.sqrt(len(z)) < 0.06
    assert abs(squares.mean() - 29 / 27) < 4.5 * squares.std() / np.sqrt(len(z))
    correlations = np.corrcoef(z.T)[np.triu_indices(4, 1)]
    assert (np.abs(correlations) < 4.5 / np.sqrt(len(z))).all()
    np.testing.assert_array_equal(found[0].covariance, np.diag(np.diag(found[0].covariance)))


def test_one_group_gets_the_pot_and_rows_of_no_group_are_never_trained_on():
    game = learning_table(5, np.random.default_rng(1))

    result = estimate(game, [[0, 1, 3]], budget=2)

    assert result.values[0] == pytest.approx(game.utilities[0b1011] - game.utilities[0], abs=1e-15)
    assert (result.standard_errors.tolist(), result.evaluations, game.evaluations, result.seed) == ([0], 2, 2, None)


def test_two_groups_are_exact():
    game = learning_table(5, np.random.default_rng(2))
    groups = contiguous_groups((2, 3))

    result = estimate(game, groups, budget=6)

    np.testing.assert_allclose(result.values, expectation(game, groups), atol=1e-14)
    assert (result.standard_errors.tolist(), result.evaluations, game.evaluations) == ([0, 0], 6, 6)


@pytest.mark.parametrize(("budget", "spent"), [(74, 74), (89, 74), (90, 90), (None, 170)])
def test_repetitions_are_what_the_budget_pays(budget, spent):
    game = learning_table(8, np.random.default_rng(3))

    result = estimate(game, GROUPS, budget)

    assert (result.evaluations, game.evaluations) == (spent, spent)
    assert result.seed == int(np.random.default_rng(0).integers(2**63))


@pytest.mark.parametrize(("groups", "needed"), [(GROUPS, 74), (GROUPS[:2], 6), (GROUPS[:1], 2)])
def test_too_small_a_budget_names_the_smallest_and_spends_nothing(groups, needed):
    game = learning_table(8, np.random.default_rng(4))

    with pytest.raises(BudgetTooSmallError) as refused:
        estimate(game, groups, needed - 1)

    assert (refused.value.needed, game.evaluations) == (needed, 0)


def test_values_of_the_same_draws_are_linear_in_the_game():
    first, second = np.random.default_rng(5).normal(size=(2, 2**8))

    mixed = estimate(TableGame(2 * first - 3 * second), GROUPS).values

    parts = [estimate(TableGame(table), GROUPS).values for table in (first, second)]
    np.testing.assert_allclose(mixed, 2 * parts[0] - 3 * parts[1], atol=1e-12)


def test_a_group_that_changes_nothing_and_an_empty_one_get_0():
    table = np.random.default_rng(6).normal(size=2**4)
    game = TableGame(np.tile(table, 4))  # rows 4 and 5 change nothing

    result = estimate(game, [[0, 1], [4, 5], [], [2, 3]])

    np.testing.assert_allclose(result.values[1:3], 0, atol=1e-14)
    np.testing.assert_allclose(result.standard_errors[1:3], 0, atol=1e-14)


class _Rowwise(TableGame):
    """Two validation rows about each utility."""

    def rowwise(self, coalitions):
        utilities = self(coalitions)
        return np.column_stack([utilities**2, 2 * utilities - utilities**2])


@pytest.mark.parametrize("sizes", [(8,), (3, 5), (1, 2, 3, 2)])
def test_contributions_of_validation_rows_average_to_the_values(sizes):
    table, groups = learning_table(8, np.random.default_rng(7)), contiguous_groups(sizes)

    result, plain = estimate(_Rowwise(table.utilities), groups), estimate(table, groups)

    np.testing.assert_allclose(result.values, plain.values, atol=1e-13)
    np.testing.assert_allclose(result.contributions.mean(axis=1), result.values, atol=1e-13)
    np.testing.assert_allclose(
        result.contributions[:, 0], estimate(TableGame(table.utilities**2), groups).values, atol=1e-13
    )
    assert result.validation_covariance.shape == (len(sizes), len(sizes))
    assert plain.contributions is None


def test_many_groups_are_evaluated_in_slices(monkeypatch):
    game = learning_table(8, np.random.default_rng(8))
    groups = contiguous_groups((1,) * 8)
    whole = estimate(game, groups).values
    monkeypatch.setattr("valuation.core.baselines.du_shapley.slice_length", lambda _: 4)

    np.testing.assert_allclose(estimate(game, groups).values, whole, atol=1e-14)


def test_overlapping_groups_are_refused():
    with pytest.raises(InvalidGroupsError):
        estimate(learning_table(3, np.random.default_rng(9)), [[0, 1], [1, 2]])
