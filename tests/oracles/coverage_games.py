"""Games of the coverage runs, with what is true of them by enumeration or in closed form."""

from functools import cache
from itertools import combinations
from math import gamma

import numpy as np

from tests.oracles.games_at_random import contiguous_groups, learning_table
from valuation.core import exact_shapley
from valuation.core.games.known_games import DualGame, LearningCurveGame, SumOfUnanimityGame, sou_game


@cache
def curve(n, number):
    """A learning curve of rows of unequal worth, and its Shapley values by enumeration."""
    game = learning_table(n, np.random.default_rng([20, number]))
    return game, exact_shapley(game)


@cache
def unanimity(n, number):
    """SOU, whose noise sits near the full set."""
    game = sou_game(n, np.random.default_rng([22, number]))
    return game, game.shapley_values


@cache
def touched(n, number):
    """The dual of SOU, whose noise sits at small sizes."""
    game = DualGame(sou_game(n, np.random.default_rng([23, number])))
    return game, game.shapley_values


@cache
def discrete_uniform(n, number, sizes):
    """What DU-Shapley estimates, by all subsets: ``(1/P) sum_k E[U(D_g + R_k) - U(R_k)]``."""
    game, _ = curve(n, number)
    groups = contiguous_groups(sizes)
    truth = []
    for group in groups:
        rest = np.setdiff1d(np.arange(n), group)
        total = 0.0
        for k in range(len(groups)):
            size = int(k * len(rest) / (len(groups) - 1) + 0.5)
            without = np.zeros((0, n), dtype=bool)
            for chosen in combinations(rest, size):
                mask = np.zeros((1, n), dtype=bool)
                mask[0, list(chosen)] = True
                without = np.vstack([without, mask])
            together = without.copy()
            together[:, group] = True
            total += (game(together) - game(without)).mean()
        truth.append(total / len(groups))
    return np.array(truth)


@cache
def semivalues(n, number, method):
    """Banzhaf and Beta(4, 1)-Shapley values by enumeration; Shapley values for all other methods."""
    game, shapley = curve(n, number)
    if method not in {"banzhaf", "beta_shapley"}:
        return shapley
    codes = np.arange(2**n)
    members = ((codes[:, None] >> np.arange(n)) & 1).astype(bool)
    values = np.zeros(n)
    for player in range(n):
        without = codes[~members[:, player]]
        gains = game.utilities[without | 1 << player] - game.utilities[without]
        sizes = members[without].sum(axis=1)
        if method == "banzhaf":
            weights = np.full(len(without), 1.0)
        else:  # Beta(alpha, beta) with alpha = 4, beta = 1 weighs small coalitions
            weights = np.array([_beta(s + 1, n - 1 - s + 4) for s in range(n)])[sizes]
        values[player] = weights @ gains / weights.sum()
    return values


def _beta(a, b):
    return gamma(a) * gamma(b) / gamma(a + b)


@cache
def unanimity_semivalues(n, number, method, *, dual):
    """SOU or its dual with Beta(4, 1)-Shapley or Banzhaf values: a member of a set of a players waits for a - 1."""
    rng = np.random.default_rng([24, number])
    sets = np.argsort(rng.random((n * n, n)), axis=1) < rng.integers(1, n, size=(n * n, 1))
    coefficients = rng.random(n * n) / n**2
    sizes = sets.sum(axis=1)
    if method == "banzhaf":
        chances = 0.5 ** (sizes - 1.0)
    else:  # others are there with a chance q from Beta(1, 4), in the dual from Beta(4, 1): E[q^(a - 1)]
        chances = 4 / (sizes + 3) if dual else np.array([_beta(size, 4) / _beta(1, 4) for size in sizes])
    game = SumOfUnanimityGame(sets, coefficients)
    return DualGame(game) if dual else game, sets.T @ (coefficients * chances)


@cache
def long_curve(n, number, method="shapley", *, steep=1):
    """A learning curve of many rows of unequal worth, with Shapley, Beta(4, 1)-Shapley or Banzhaf values.

    Others are there with a chance q: from Beta(1, 1), from Beta(1, 4), or one half.
    """
    worth = steep * np.random.default_rng([25, number]).gamma(1.0, 1.0, n) / 4
    game = LearningCurveGame(worth)
    if method == "banzhaf":
        return game, game.values_among(np.array([0.5]), np.array([1.0]))
    if method == "beta_shapley":
        chances, weights = game.chances()
        return game, game.values_among(chances, weights * 4 * (1 - chances) ** 3)
    return game, game.shapley_values
