"""Stratified SVARM: Shapley values without marginal contributions, size by size."""

import math

import numpy as np

from valuation.core.baselines.size_strata import shapley_by_size
from valuation.core.games.game import FloatVector, Game
from valuation.core.results import PointValues


def stratified_svarm_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row by stratified SVARM (Kolpaczki et al. 2024, arXiv:2302.00736, section 5).

    Strata are the sizes, each with its mean utility with a row and without it; small and large sizes get the most
    draws, in proportion to ``1 / min(s, n - s)``, as the paper's equation 14 has it.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend, the ``2 n + 2`` of the enumerated sizes among them.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        As :func:`~valuation.core.baselines.size_strata.shapley_by_size`.

    Raises:
        BudgetTooSmallError: The budget covers neither the enumerated sizes and 64 draws nor all coalitions.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: no warm-up, which takes about ``2 n log n`` evaluations and without which (as shapiq has
        it) small budgets count strata as 0. Sizes get their share of draws by systematic sampling, and what a row was
        never seen at is interpolated.
    """
    probabilities = size_probabilities(game.n_players)
    return shapley_by_size(game, probabilities, budget=budget, rng=rng, method_version="stratified-svarm/1")


def size_probabilities(n_players: int) -> FloatVector:
    """Share of draws of each size ``2..n - 2``.

    In proportion to ``1 / min(s, n - s)``; the middle of an even ``n`` has ``1 / (n log n)``.
    """
    sizes = np.arange(2, n_players - 1)
    weights = 1.0 / np.minimum(sizes, n_players - sizes)
    middle = 2 * sizes == n_players
    if not middle.any() or middle.all():
        return np.asarray(weights / weights.sum())
    of_middle = 1.0 / (n_players * math.log(n_players))
    return np.where(middle, of_middle, weights / weights[~middle].sum() * (1.0 - of_middle))
