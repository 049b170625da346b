"""Complementary contributions: Shapley values from coalitions set against the rows that they leave out."""

import numpy as np

from valuation.core.baselines.size_strata import SumOverSizes, cell_means, draws_of_sizes
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import BoolMatrix, FloatVector, Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import PAIRS_MIN, coalitions_of, seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ends_of

# So often a row has to stand alone, as expected: what it adds there is interpolated from larger coalitions otherwise.
ALONE_MIN = 1.5


def complementary_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row from complementary contributions (Zhang et al. 2023, doi:10.1145/3588728).

    ``phi_i = (1/n) sum_{s=1}^n E[U(S) - U(N - S) | i in S, |S| = s]``. A pair of S and its complement informs the rows
    of S at size ``|S|`` and all others, with the sign turned, at ``n - |S|``. Sizes are equally likely, as in the
    paper. At size ``n`` the contribution is ``U(N) - U(empty)``. Where a row was never drawn at a size, what it differs
    by from the mean contribution of that size is interpolated between the nearest sizes where it was; those means
    cancel over sizes, so that nothing else changes.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and two a pair; for an interval ``2 + 1.5 n (n - 1)``.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units. Values need not sum to ``U(N) - U(empty)``.
        Standard errors do not hold what interpolation leaves, and are ``None`` where that is much: below
        ``0.75 n (n - 1)`` pairs, where a row is expected alone less than 1.5 times.

    Raises:
        BudgetTooSmallError: The budget does not cover 32 pairs beside the two ends.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: sizes get their share of pairs by systematic sampling, and sizes without a pair are
        interpolated, not counted as 0.
    """
    if (exact := value_of_only_player(game, budget, "complementary")) is not None:
        return exact
    n, affordable = game.n_players, (budget - 2) // 2
    if affordable < PAIRS_MIN:
        raise BudgetTooSmallError(budget, 2 + 2 * PAIRS_MIN)
    seed, rng = seeded(rng)
    empty, full = utilities_of(game, ends_of(n))
    halves = np.arange(1, n // 2 + 1)
    # Size s and size n - s are the same pair, but for the middle of an even n.
    shares = np.where(2 * halves == n, 1.0, 2.0) / (n - 1)
    counts = draws_of_sizes(shares, affordable, rng)
    sizes = np.repeat(halves, counts)
    smaller = coalitions_of(sizes, n, rng)
    gains = utilities_of(game, smaller) - utilities_of(game, ~smaller)
    total = SumOverSizes(n, 1, n - 1)
    for size in range(1, n):
        _add_size(total, size, smaller[sizes == min(size, n - size)], gains[sizes == min(size, n - size)])
    sums, variances = total.finished()
    # The draws of one row or all but one are 2 / (n - 1) of all, and each row has its n-th of them.
    offered = affordable >= ALONE_MIN * n * (n - 1) / 2
    errors = np.sqrt(variances) / n if offered else None
    return PointValues((full - empty + sums) / n, errors, 2 + 2 * len(sizes), seed, "complementary/1")


def _add_size(total: SumOverSizes, size: int, smaller: BoolMatrix, gains: FloatVector) -> None:
    """What rows contribute in coalitions of ``size``, from the pairs whose smaller side has ``min(size, n - size)``."""
    if not len(gains):
        return
    n = smaller.shape[1]
    sides = []
    if 2 * size <= n:
        sides.append((smaller, gains))
    if 2 * size >= n:
        sides.append((~smaller, -gains))
    members = np.concatenate([side for side, _ in sides])
    contributions = np.concatenate([signed for _, signed in sides])
    variance = float(contributions.var(ddof=1))
    means, variances = cell_means(members, contributions, variance)
    # Contributions of sizes s and n - s are the same pairs with opposite signs: their means sum to 0 over all sizes.
    total.add(size, np.asarray(members.any(axis=0)), means - contributions.mean(), variances)
