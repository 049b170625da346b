"""The plain covariance form over all sizes, which `auto` must never be worse than, and a market of many sellers."""

from itertools import pairwise

import numpy as np

from valuation.core.games.known_games import LearningCurveGame


class Market:
    """A learning curve that goes on learning: the mean of five, each ten times slower than the last."""

    def __init__(self, n, seed=0):
        worth = np.random.default_rng(seed).gamma(1.0, 1.0, n)
        self.n_players = n
        self._rates = 10.0 ** -np.arange(5)
        self._worth = worth
        self.curves = [LearningCurveGame(worth * rate) for rate in self._rates]

    def __call__(self, coalitions):
        total = coalitions.astype(np.float32) @ self._worth.astype(np.float32)
        return np.mean([-np.expm1(-rate * total.astype(np.float64)) for rate in self._rates], axis=0)

    @property
    def shapley_values(self):
        return np.mean([curve.shapley_values for curve in self.curves], axis=0)


def plain_covariance_form(game, groups, *, budget, rng, strata=24, pilot=60):
    """Values and standard errors by lemma 1 from uniform draws, all sizes, draws by a pilot's spread."""
    n, n_groups = game.n_players, len(groups)
    labels = np.empty(n, dtype=np.intp)
    for number, group in enumerate(groups):
        labels[group] = number
    parts = np.bincount(labels, minlength=n_groups) / n
    # As measured: sizes above 60 % are left out.
    edges = np.unique(np.round(np.exp(np.linspace(0, np.log(n * 0.6), strata + 1))).astype(int))
    spans = list(pairwise(edges))

    def draw(low, high, count):
        sizes = rng.integers(low, high, count)
        utilities, counts = np.empty(count), np.zeros((count, n_groups))
        for at in range(0, count, 256):
            masks = np.zeros((min(256, count - at), n), dtype=bool)
            for row, mask in enumerate(masks):
                members = rng.choice(n, sizes[at + row], replace=False)
                mask[members] = True
                counts[at + row] = np.bincount(labels[members], minlength=n_groups)
            utilities[at : at + 256] = game(masks)
        return sizes, utilities, counts

    noise = []
    for low, high in spans:
        sizes, utilities, _ = draw(low, high, pilot)
        noise.append((utilities.std() + 0.002) * (high - low) * np.mean(n / (sizes * (n - sizes)) * np.sqrt(sizes)))
    wanted = np.maximum(40, ((budget - pilot * len(spans)) * np.array(noise) / sum(noise)).astype(int))
    ends = game(np.array([[False] * n, [True] * n]))
    values, variances = parts * (ends[1] - ends[0]), np.zeros(n_groups)
    for (low, high), count in zip(spans, wanted.tolist(), strict=True):
        sizes, utilities, counts = draw(low, high, count)
        mean = (
            np.polyval(np.polyfit(np.log(sizes), utilities, 1), np.log(sizes)) if high - low > 3 else utilities.mean()
        )
        terms = ((high - low) * n / (sizes * (n - sizes)) * (utilities - mean))[:, None] * (
            counts - np.outer(sizes, parts)
        )
        values = values + terms.mean(axis=0)
        variances += terms.var(axis=0) / count
    return values, np.sqrt(variances)
