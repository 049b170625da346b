"""Group testing: Shapley values from differences of players, every utility informing all of them."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, slice_length, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import coalitions_of, kernel_sizes, seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import SampleMean, ends_of

SAMPLES_MIN = 64


def group_testing_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row from random coalitions of sizes drawn by Shapley's kernel.

    With ``v = U - U(empty)``, sizes by ``1/s + 1/(n - s)`` and ``Z = 2 (1 + 1/2 + ... + 1/(n-1))``, the mean of
    ``Z v(S) ([i in S] - [j in S])`` is ``phi_i - phi_j`` (Jia et al. 2019, arXiv:1902.10275, lemma 3). The values that
    have these differences and sum to ``v(N)`` are the means of ``v(N)/n + Z v(S) ([i in S] - |S|/n)``.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and one a coalition.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units; unbiased, and summing to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The budget does not cover 64 coalitions beside the two ends.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: no feasibility programme. Its constraints hold exactly at the values above.
    """
    if (exact := value_of_only_player(game, budget, "group-testing")) is not None:
        return exact
    n, samples = game.n_players, budget - 2
    if samples < SAMPLES_MIN:
        raise BudgetTooSmallError(budget, SAMPLES_MIN + 2)
    seed, rng = seeded(rng)
    ends = utilities_of(game, ends_of(n))
    probabilities = kernel_sizes(n)
    doubled_harmonic = 2.0 * (1.0 / np.arange(1, n)).sum()
    means, step = SampleMean(n), slice_length(n)
    for at in range(0, samples, step):
        sizes = 1 + rng.choice(n - 1, size=min(step, samples - at), p=probabilities)
        coalitions = coalitions_of(sizes, n, rng)
        gains = utilities_of(game, coalitions) - ends[0]
        means.add_all(doubled_harmonic * gains[:, None] * (coalitions - sizes[:, None] / n))
    values = (ends[1] - ends[0]) / n + means.mean
    return PointValues(values, means.standard_errors, budget, seed, "group-testing/1")
