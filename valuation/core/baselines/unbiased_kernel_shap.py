"""Unbiased KernelSHAP, every coalition paired with its complement."""

import numpy as np

from valuation.core.baselines.kernel_regression import contrasts, half_differences
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, slice_length, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import PAIRS_MIN, kernel_draws, seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import SampleMean, ends_of

# So often a row has to stand alone against all others, as expected: fewer pairs know the spread of a steep game badly.
ALONE_MIN = 6


def unbiased_kernel_shap(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """KernelSHAP with the expectation of its normal matrix in place of the sample's (Covert & Lee 2021, equation 16).

    ``E[x x'] = (I - 1 1'/n) / Z`` with ``Z = 2 (1 + 1/2 + ... + 1/(n-1))``, so that values are ``pot/n`` plus the mean
    of ``Z x_S (U(S) - U(N - S)) / 2`` over independent pairs: unbiased, with the standard error of a sample mean. It is
    group testing with the complements.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and two a pair; for an interval about ``12 n (ln n + 0.6)``.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values, float64 ``(n,)``, in metric units, summing to ``U(N) - U(empty)``, and their standard errors, which are
        ``None`` below ``6 n (1 + 1/2 + ... + 1/(n-1))`` pairs: there each row is expected alone six times.

    Raises:
        BudgetTooSmallError: The budget does not cover 32 pairs beside the two ends.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if (exact := value_of_only_player(game, budget, "unbiased-kernel-shap")) is not None:
        return exact
    n, pairs = game.n_players, (budget - 2) // 2
    if pairs < PAIRS_MIN:
        raise BudgetTooSmallError(budget, 2 + 2 * PAIRS_MIN)
    seed, rng = seeded(rng)
    empty, full = utilities_of(game, ends_of(n))
    doubled_harmonic = 2.0 * (1.0 / np.arange(1, n)).sum()
    means, step = SampleMean(n), slice_length(n)
    for at in range(0, pairs, step):
        coalitions = kernel_draws(n, min(step, pairs - at), rng)
        halves = half_differences(game, coalitions)
        means.add_all(doubled_harmonic * contrasts(coalitions) * halves[:, None])
    values = (full - empty) / n + means.mean
    # One pair in (1 + 1/2 + ... + 1/(n-1)) sets one row against all others, and each row has its n-th of these.
    errors = means.standard_errors if pairs >= ALONE_MIN * n * doubled_harmonic / 2 else None
    return PointValues(values, errors, 2 + 2 * pairs, seed, "unbiased-kernel-shap/1")
