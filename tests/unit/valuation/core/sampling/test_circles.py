"""Circles of players against the orders that they stand for."""

import numpy as np
import pytest

from tests.oracles.games_at_random import learning_table
from valuation.core.games.game import utilities_of
from valuation.core.sampling.circles import arcs, gains_around


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_a_circle_is_the_mean_of_all_orders_round_it(n):
    game = learning_table(n, np.random.default_rng(n))
    circle = np.random.default_rng(5).permutation(n)
    expected = np.zeros((n, n))
    for order in [np.roll(way, seat) for way in (circle, circle[::-1]) for seat in range(n)]:
        prefixes = np.argsort(order) < np.arange(n + 1)[:, None]
        expected[order, np.arange(n)] += np.diff(utilities_of(game, prefixes)) / 2

    game.evaluations = 0
    found = gains_around(game, game.utilities[[0, -1]], np.random.default_rng(5))

    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert game.evaluations == n * (n - 1)


def test_arcs_are_all_neighbours_once(monkeypatch):
    monkeypatch.setattr("valuation.core.sampling.circles.slice_length", lambda _: 4)
    circle = np.array([2, 0, 3, 1])

    found = [
        (int(start), int(size), tuple(np.flatnonzero(mask)))
        for members, starts, sizes in arcs(circle)
        for mask, start, size in zip(members, starts, sizes, strict=True)
    ]

    assert len(found) == len(set(found)) == 12
    assert all(mask == tuple(sorted(np.roll(circle, -start)[:size])) for start, size, mask in found)
