"""One-for-all: one sample of coalitions from which any semivalue could be had; here the Shapley value."""

import numpy as np

from valuation.core.baselines.size_strata import shapley_by_size
from valuation.core.games.game import FloatVector, Game
from valuation.core.results import PointValues


def one_for_all_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row by one-for-all (Li & Yu 2024, arXiv:2410.23808), aimed at the Shapley value.

    Sizes get draws in proportion to ``1 / sqrt(s (n - s))``, which makes the mean variance over rows smallest where
    utilities scatter alike at all sizes. Sizes never drawn are interpolated: counting them as 0, as published code
    does, makes the method look five times worse than it is (docs/mathematics.md section 11).

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend, the ``2 n + 2`` of the enumerated sizes among them.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        As :func:`~valuation.core.baselines.size_strata.shapley_by_size`.

    Raises:
        BudgetTooSmallError: The budget covers neither the enumerated sizes and 64 draws nor all coalitions.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    probabilities = size_probabilities(game.n_players)
    return shapley_by_size(game, probabilities, budget=budget, rng=rng, method_version="one-for-all/1")


def size_probabilities(n_players: int) -> FloatVector:
    """Share of draws of each size ``2..n - 2``, proportional to ``1 / sqrt(s (n - s))``."""
    sizes = np.arange(2, n_players - 1)
    weights = 1.0 / np.sqrt(sizes * (n_players - sizes))
    return np.asarray(weights / weights.sum())
