"""Blocks of very few draws: the centring of the covariance form never divides by 0."""

import numpy as np
import pytest

from valuation.core.fgsv.blocks import _size_curve, covariance

GROUPS = np.split(np.arange(20), [5, 12])


class Constant:
    n_players = 20

    def __call__(self, coalitions):
        return np.full(len(coalitions), 0.5)


class Additive:
    n_players = 20

    def __call__(self, coalitions):
        return coalitions @ np.arange(20.0)


@pytest.mark.parametrize(
    ("sizes", "columns"),
    [
        ([4], 0),  # nothing to predict it from
        ([4, 4], 1),
        ([3, 4], 1),  # a line would pass through both
        ([3, 4, 5], 2),
        ([3, 3, 3, 5], 1),  # a line would pass through the lone size
        ([3, 3, 4, 4, 5, 5], 3),
    ],
)
def test_the_curve_is_stiffened_until_no_draw_decides_its_own_prediction(sizes, columns):
    curve = _size_curve(np.array(sizes))

    assert curve.shape == (len(sizes), columns)
    assert (curve**2).sum(axis=1).max(initial=0.0) <= 0.9


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
@pytest.mark.parametrize("game", [Constant(), Additive()])
def test_blocks_of_few_draws_are_finite(draws, game):
    for seed in range(30):
        params = {"low": 3, "high": 5, "draws": draws}
        found, spent = covariance(game, GROUPS, params, np.random.default_rng(seed))

        assert spent == draws
        assert all(np.isfinite(array).all() for array in found.values())


def test_blocks_of_few_draws_are_unbiased():
    """Lemma 1 on an additive game: T(s) sums to s-independent contrasts, group sums less their part of the total."""
    weights = np.arange(20.0)
    parts = np.array([5, 7, 8]) / 20
    sums = np.array([weights[group].sum() for group in GROUPS])
    truth = 3 * (sums - parts * weights.sum()) / 19  # three sizes of nineteen

    params = {"low": 3, "high": 5, "draws": 3}
    runs = [
        covariance(Additive(), GROUPS, params, np.random.default_rng(seed))[0]["moment"] / 3 for seed in range(2000)
    ]

    error = np.std(runs, axis=0, ddof=1) / np.sqrt(2000)
    assert np.abs((np.mean(runs, axis=0) - truth) / error).max() < 4
