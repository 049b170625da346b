"""SRS and FSRS: the shares of both papers, by enumeration and under shells."""

import numpy as np
import pytest

from tests.oracles.games_at_random import TableGame, contiguous_groups, group_sums, learning_table
from valuation.core import estimate_fsrs, estimate_srs, exact_shapley, group_game

GROUPS = contiguous_groups((1, 3, 4))


def shares(values):
    positive = np.maximum(values, 0)
    return positive / positive.sum()


def test_both_are_exact_where_all_coalitions_are_evaluated():
    game = learning_table(8, np.random.default_rng(0))

    faithful = estimate_fsrs(game, GROUPS, budget=256, rng=np.random.default_rng(0))
    grouped = estimate_srs(game, GROUPS, budget=8, rng=np.random.default_rng(0))

    np.testing.assert_allclose(faithful.shares, shares(group_sums(exact_shapley(game), GROUPS)), atol=1e-12)
    np.testing.assert_allclose(grouped.shares, shares(exact_shapley(group_game(game, GROUPS))), atol=1e-12)
    for found in (faithful, grouped):
        np.testing.assert_allclose(found.interval(), np.column_stack([found.shares] * 2), atol=1e-12)
        assert found.validation_interval() is None
        assert found.shares.sum() == pytest.approx(1)


def test_intervals_of_sampled_shares_hold_the_truth():
    game = learning_table(14, np.random.default_rng(1))
    groups = contiguous_groups((2, 4, 8))
    truth = shares(group_sums(exact_shapley(game), groups))
    held = []
    for seed in range(40):
        found = estimate_fsrs(game, groups, budget=1500, rng=np.random.default_rng(seed))
        low, high = found.interval(0.95).T
        held.append(((low <= truth) & (truth <= high)).mean())

    assert np.mean(held) == pytest.approx(0.95, abs=0.05)


def test_shells_raise_the_share_by_groups_and_leave_the_faithful_one():
    """A saturating learning curve: prudence holds, so that splitting pays under SRS (proposition 1)."""
    sizes = ((np.arange(2**8)[:, None] >> np.arange(8)) & 1).sum(axis=1)
    game = TableGame(1 - 0.5**sizes)
    whole, split = [range(4), range(4, 8)], [range(4), *([row] for row in range(4, 8))]
    whole, split = ([np.array(list(group)) for group in groups] for groups in (whole, split))

    faithful = [
        estimate_fsrs(game, groups, budget=256, rng=np.random.default_rng(0)).shares for groups in (whole, split)
    ]
    grouped = [estimate_srs(game, groups, budget=256, rng=np.random.default_rng(0)).shares for groups in (whole, split)]

    np.testing.assert_allclose([found[0] for found in faithful], [0.5, 0.5])
    assert grouped[0][0] == pytest.approx(0.5)
    assert grouped[1][0] == pytest.approx(31 / 85)


def test_where_nobody_adds_anything_nobody_has_a_share():
    game = TableGame(-np.arange(4.0))

    for estimate in (estimate_srs, estimate_fsrs):
        found = estimate(game, [[0], [1]], budget=4, rng=np.random.default_rng(0))
        np.testing.assert_array_equal(found.shares, [0, 0])
        np.testing.assert_array_equal(found.interval(), np.zeros((2, 2)))
