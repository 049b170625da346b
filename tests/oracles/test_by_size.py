"""Values cut by coalition size, against the definition: every marginal contribution of every row to every coalition."""

from itertools import pairwise
from math import comb

import numpy as np
import pytest

from tests.oracles.games_at_random import TableGame, contiguous_groups, learning_table
from valuation.core.fgsv.by_size import by_size
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.runner import run_plan


def marginals_by_size(game, groups):
    """``D_g(t)``: mean marginal contribution of the group's rows to coalitions of t - 1 rows, over n; ``(n, P)``."""
    n = game.n_players
    codes = np.arange(2**n)
    members = ((codes[:, None] >> np.arange(n)) & 1).astype(bool)
    found = np.zeros((n, len(groups)))
    for place, group in enumerate(groups):
        for row in group:
            without = codes[~members[:, row]]
            gains = game.utilities[without | (1 << row)] - game.utilities[without]
            sizes = members[without].sum(axis=1)
            for size in range(n):
                found[size, place] += gains[sizes == size].sum() / (n * comb(n - 1, size))
    return found


def binned(marginals, edges):
    return np.array([marginals[low:high].sum(axis=0) for low, high in pairwise(edges)])


def cut(game, sizes, *, budget, seed=0):
    plan = FgsvPlan(sizes, budget)
    state = run_plan(plan, game, contiguous_groups(sizes), seed)
    return by_size(plan, state), plan.estimate(state).values


@pytest.mark.parametrize("sizes", [(1, 2, 5), (3, 4), (1, 1), (2, 1), (1, 1, 1, 1)])
def test_enumerated_games_are_cut_exactly(sizes):
    game = learning_table(sum(sizes), np.random.default_rng(5))

    found, values = cut(game, sizes, budget=2 ** sum(sizes))

    expected = binned(marginals_by_size(game, contiguous_groups(sizes)), found.edges)
    np.testing.assert_allclose(found.contributions, expected, atol=1e-12)
    np.testing.assert_allclose(found.contributions.sum(axis=0), values, atol=1e-15)


def test_the_learning_curve_of_an_enumerated_game_is_the_mean_by_size():
    game = learning_table(8, np.random.default_rng(6))

    found, _ = cut(game, (3, 5), budget=256)

    sizes = ((np.arange(256)[:, None] >> np.arange(8)) & 1).sum(axis=1)
    np.testing.assert_allclose(found.curve_sizes, np.arange(9), atol=1e-12)
    np.testing.assert_allclose(found.curve_utilities, [game.utilities[sizes == s].mean() for s in range(9)], atol=1e-12)


def test_sampled_games_are_cut_without_bias_to_speak_of():
    """Fourteen rows in strata of several sizes: the mean of many runs lies where the definition says."""
    game, sizes = learning_table(14, np.random.default_rng(7)), (2, 4, 8)
    runs = [cut(game, sizes, budget=700, seed=seed)[0] for seed in range(60)]

    expected = binned(marginals_by_size(game, contiguous_groups(sizes)), runs[0].edges)

    found = np.array([run.contributions for run in runs])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(runs))
    # Besides chance, 0.02 of a pot of about 0.4: the learning curve is interpolated between the strata.
    assert (np.abs(found.mean(axis=0) - expected) < 4 * error + 0.02 * abs(expected.sum())).all()


class Additive:
    """Every row adds its own worth to any coalition, so a value is decided evenly over all sizes."""

    def __init__(self, worths):
        self.n_players = len(worths)
        self._worths = worths

    def __call__(self, coalitions):
        return coalitions @ self._worths


def test_additive_games_are_decided_evenly_over_all_sizes():
    worths = np.random.default_rng(8).gamma(1.0, 1.0, 600) / 600

    found, values = cut(Additive(worths), (100, 200, 300), budget=6000)

    assert (found.edges[0], found.edges[-1]) == (0, 600)
    assert (np.diff(found.edges) > 0).all()
    np.testing.assert_allclose(found.contributions.sum(axis=0), values, atol=1e-14)
    np.testing.assert_allclose(found.contributions, np.outer(np.diff(found.edges) / 600, values), atol=0.01)
    np.testing.assert_allclose(found.curve_utilities, found.curve_sizes / 600 * worths.sum(), atol=0.03)


def test_one_seller_and_one_row():
    found, values = cut(learning_table(6, np.random.default_rng(9)), (6,), budget=64)
    assert (found.edges.tolist(), found.contributions.tolist()) == ([0, 6], [values.tolist()])

    found, values = cut(TableGame(np.array([0.5, 0.7])), (1,), budget=2)
    assert (found.edges.tolist(), found.contributions.tolist()) == ([0, 1], [values.tolist()])
    assert found.curve_utilities.tolist() == [0.5, 0.7]
