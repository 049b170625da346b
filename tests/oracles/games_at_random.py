"""Random games with values known to the last digit, for oracles only."""

import numpy as np


class TableGame:
    """Any game of few players: one utility a coalition, found by its bits."""

    def __init__(self, utilities):
        self.n_players = len(utilities).bit_length() - 1
        self.utilities = utilities
        self.evaluations = 0

    def __call__(self, coalitions):
        self.evaluations += len(coalitions)
        return self.utilities[coalitions @ (1 << np.arange(self.n_players))]


def learning_table(n, rng, noise=0.1):
    """A saturating learning curve over rows of unequal worth, some harmful, and noise that falls with the size."""
    codes = np.arange(2**n)
    coalitions = (codes[:, None] >> np.arange(n)) & 1
    information = coalitions @ rng.gamma(1.0, 1.0, n)
    harm = coalitions @ rng.normal(0.0, 0.05, n)
    jitter = noise * rng.normal(size=2**n) / np.sqrt(1 + coalitions.sum(axis=1))
    return TableGame(0.5 + 0.4 * (1 - np.exp(-information / 2)) + harm + jitter)


class PolynomialGame:
    """``U(S) = w(S) - a(S)^2 + b(S)^3`` of sums over S: curved to third order, with a closed form at any size."""

    def __init__(self, n, rng):
        self.n_players = n
        self._w, self._a, self._b = rng.normal(1, 1, n) / n, rng.normal(0.5, 1, n) / n, rng.normal(0.8, 1, n) / n
        w, a, b = self._w, self._a, self._b
        rest, rest_squares = b.sum() - b, (b**2).sum() - b**2
        pairs = b**2 * rest + b * rest_squares
        triples = b * (rest**2 - rest_squares)
        # A product of k players is a unanimity game: each of them is owed one k-th.
        self.shapley_values = w - a * a.sum() + b**3 + 1.5 * pairs + triples

    def __call__(self, coalitions):
        members = coalitions.astype(np.float64)
        return members @ self._w - (members @ self._a) ** 2 + (members @ self._b) ** 3


def contiguous_groups(sizes):
    return np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])


def group_sums(point_values, groups):
    return np.array([point_values[group].sum() for group in groups])
