"""HCDV's parts against exact optima and enumeration."""

from itertools import chain, permutations, product

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tests.oracles.games_at_random import TableGame, learning_table
from valuation.core import exact_shapley
from valuation.core.library.estimate_hcdv import estimate_hcdv
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.dispersion import dispersion_of_parts, unit_rows
from valuation.core.rows.games.local_game import LocalGame, RowsUtility, sampled
from valuation.core.rows.tree.balanced_kmeans import balanced_kmeans, exchange_sweep


@pytest.mark.parametrize("seed", range(6))
def test_exchanges_come_within_one_per_cent_of_the_best_assignment(seed):
    rng = np.random.default_rng(seed)
    n_rows, n_clusters = 240, 8
    z = rng.normal(size=(n_rows, 3)) * rng.uniform(0.3, 3, 3)
    labels = balanced_kmeans(z, n_clusters, rng=rng, sweeps=0)
    centres = z[rng.choice(n_rows, n_clusters, replace=False)]
    members = [np.flatnonzero(labels == label) for label in range(n_clusters)]

    for _ in range(50):
        if not exchange_sweep(z, members, centres):
            break

    distances = ((z[:, None] - centres) ** 2).sum(axis=2)
    seats = np.repeat(distances, n_rows // n_clusters, axis=1)
    best = seats[linear_sum_assignment(seats)].sum()
    found = sum(distances[cluster, label].sum() for label, cluster in enumerate(members))
    assert best - 1e-9 <= found <= 1.01 * best


def value_table(n_rows, seed):
    """A learning curve with dispersion added, as a table, and what HCDV needs to build the same v."""
    rng = np.random.default_rng(seed)
    game, z, y = learning_table(n_rows, rng), rng.normal(size=(n_rows, 3)), rng.integers(2, size=n_rows)
    coalitions = ((np.arange(2**n_rows)[:, None] >> np.arange(n_rows)) & 1).astype(bool)
    dispersion = dispersion_of_parts(unit_rows(z), y, np.arange(n_rows), n_rows, "classification")
    return game, z, y, TableGame(game.utilities + 0.3 * dispersion(coalitions))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("context", ["alone", "rest"])
@pytest.mark.parametrize("leaf_size", [1, 8])
def test_one_level_of_single_rows_is_the_exact_shapley_value(seed, context, leaf_size):
    game, z, y, v = value_table(8, seed)
    config = HcdvConfig(
        children=(8,), leaf_size=leaf_size, dispersion_weight=0.3, context=context, metric_range=None, shares_limit=100
    )

    result = estimate_hcdv(game, z, y, config=config, rng=np.random.default_rng(0))

    np.testing.assert_allclose(result.values, exact_shapley(v), atol=1e-12)
    np.testing.assert_allclose(result.metric_values, exact_shapley(game), atol=1e-12)
    assert result.evaluations == 2 + 255


def local_game(game, n_players):
    rows = np.arange(n_players)
    return LocalGame(RowsUtility(game, rows, None), rows, rows, None, 0.0, float(game.utilities[0]), n_players)


def test_the_error_of_sampled_values_falls_with_the_root_of_the_orders_and_is_as_claimed():
    game = learning_table(9, np.random.default_rng(0))
    truth = exact_shapley(game)
    errors, claimed = {}, {}
    for n_orders in (16, 256):
        runs = [sampled(local_game(game, 9), n_orders, np.random.default_rng(seed)) for seed in range(60)]
        errors[n_orders] = np.mean([(run.psi[:, 0] - truth) ** 2 for run in runs])
        claimed[n_orders] = np.mean([run.variances for run in runs])

    assert np.sqrt(errors[16] / errors[256]) == pytest.approx(4.0, rel=0.15)
    assert errors[256] == pytest.approx(claimed[256], rel=0.2)
    assert errors[16] == pytest.approx(claimed[16], rel=0.2)


def owen_values(table, pairs):
    """Owen's value of players in pairs, from all nested orders."""
    total, orders = np.zeros(table.n_players), 0
    for outer in permutations(pairs):
        for players in product(*(permutations(pair) for pair in outer)):
            code, orders = 0, orders + 1
            for player in chain(*players):
                total[player] += table.utilities[code | 1 << player] - table.utilities[code]
                code |= 1 << player
    return total / orders


def test_in_context_rest_values_are_owens():
    game = learning_table(8, np.random.default_rng(3), noise=0.5)
    z = np.array([[0.0], [0.1], [10.0], [10.1], [20.0], [20.1], [30.0], [30.1]])
    config = HcdvConfig(
        children=(4,), leaf_size=2, permutations=(64,), context="rest", dispersion_weight=0.0, metric_range=None
    )

    runs = np.array(
        [
            estimate_hcdv(game, z, np.zeros(8), config=config, rng=np.random.default_rng(seed)).values
            for seed in range(300)
        ]
    )

    truth = owen_values(game, ((0, 1), (2, 3), (4, 5), (6, 7)))
    errors = (runs.mean(axis=0) - truth) / (runs.std(axis=0, ddof=1) / np.sqrt(len(runs)))
    assert np.abs(errors).max() < 4
