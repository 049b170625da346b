"""KernelSHAP, every coalition paired with its complement."""

import numpy as np

from valuation.core.baselines.kernel_regression import paired_responses, regress
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import PAIRS_MIN, kernel_draws, seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ends_of


def kernel_shap(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row by least squares over coalitions drawn from Shapley's kernel.

    Coalitions of size ``s`` by ``1 / (s (n - s))``, uniform within a size, each with its complement (Lundberg & Lee
    2017, arXiv:1705.07874; paired as in Covert & Lee 2021, arXiv:2012.01536). Being a ratio it has a bias of order
    one over the number of pairs.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and two a pair; two pairs a row at least.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and jackknife standard errors, float64 ``(n,)``, in metric units, summing to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The budget does not cover 32 pairs and two pairs a row.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if (exact := value_of_only_player(game, budget, "kernel-shap")) is not None:
        return exact
    n, pairs = game.n_players, (budget - 2) // 2
    needed = max(PAIRS_MIN, 2 * n)
    if pairs < needed:
        raise BudgetTooSmallError(budget, 2 + 2 * needed)
    seed, rng = seeded(rng)
    empty, full = utilities_of(game, ends_of(n))
    coalitions = kernel_draws(n, pairs, rng)
    responses = paired_responses(game, coalitions, full - empty)
    gamma, errors = regress(coalitions, responses, np.ones(pairs), np.ones(pairs))
    return PointValues((full - empty) / n + gamma, errors, 2 + 2 * pairs, seed, "kernel-shap/1")
