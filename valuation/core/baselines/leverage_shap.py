"""LeverageSHAP: the regression of KernelSHAP over coalitions drawn by their leverage, none of them twice."""

import math

import numpy as np

from valuation.core.baselines.kernel_regression import paired_responses, regress
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import BoolMatrix, Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import (
    PAIRS_MIN,
    coalitions_of,
    every_coalition,
    filled,
    number_of,
    seeded,
    shared_out,
)
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ends_of


def leverage_shap(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row by least squares over coalitions drawn by leverage (Musco & Witter 2024).

    A coalition's leverage is one over the number of its size (arXiv:2410.01917, lemma 3.2), so all sizes are drawn
    alike, paired with complements and without replacement, until all of a size are there. Each is weighted by its
    kernel weight over its chance of being drawn.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and two a pair. With ``2^n`` the values are exact.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and jackknife standard errors, float64 ``(n,)``, in metric units, summing to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The budget covers neither all coalitions nor 32 pairs and two pairs a row.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: how many of a size are drawn is fixed up to rounding (systematic sampling) instead of
        binomial, so that the budget is never exceeded. Weights are ``k / p``, not ``k / sqrt(p)`` as in the FGSV
        authors' baseline, which does not converge to the Shapley value (docs/mathematics.md section 11).
    """
    if (exact := value_of_only_player(game, budget, "leverage-shap")) is not None:
        return exact
    n = game.n_players
    sizes = np.arange(1, n // 2 + 1)
    # Size s and size n - s are the same pairs, but for the middle of an even n, which has half as many.
    portion = np.where(2 * sizes == n, 0.5, 1.0)
    numbers = np.array([number_of(int(size), n) for size in sizes]) * portion
    possible, affordable = 2 ** (n - 1) - 1, (budget - 2) // 2
    needed = min(possible, max(PAIRS_MIN, 2 * n))
    if affordable < needed:
        raise BudgetTooSmallError(budget, 2 + 2 * needed)
    seed, rng = seeded(rng)
    pairs = min(possible, affordable)
    expected = filled(numbers, portion, pairs)
    counts = np.minimum(shared_out(expected, rng), numbers).astype(np.int64)
    coalitions = np.concatenate(
        [_distinct(n, int(size), int(count), rng) for size, count in zip(sizes, counts, strict=True)]
    )
    # Kernel weight times number of the size, over the number expected; and the part of the size that is not drawn.
    weights = np.repeat(portion / (sizes * (n - sizes)) / expected, counts)
    unseen = np.repeat(1.0 - expected / numbers, counts)
    empty, full = utilities_of(game, ends_of(n))
    responses = paired_responses(game, coalitions, full - empty)
    gamma, errors = regress(coalitions, responses, weights, np.maximum(unseen, 0.0))
    exact = pairs == possible
    return PointValues(
        (full - empty) / n + gamma, errors, 2 + 2 * len(coalitions), None if exact else seed, "leverage-shap/1"
    )


def _distinct(n_players: int, size: int, count: int, rng: np.random.Generator) -> BoolMatrix:
    """Different coalitions of ``size``, no two complements of each other, bool ``(count, n_players)``."""
    halved = 2 * size == n_players
    possible = math.comb(n_players, size) // (2 if halved else 1)
    if possible <= 2 * count:
        # Combinations come in order: the first half of an even middle are those that hold row 0.
        every = every_coalition(size, n_players, possible)
        return every[rng.choice(possible, size=count, replace=False)]
    found: dict[bytes, BoolMatrix] = {}
    while len(found) < count:
        drawn = coalitions_of(np.full(count - len(found), size), n_players, rng)
        if halved:
            drawn[~drawn[:, 0]] ^= True
        found |= {packed.tobytes(): row for packed, row in zip(np.packbits(drawn, axis=1), drawn, strict=True)}
    return np.array(list(found.values()), dtype=np.bool_).reshape(count, n_players)
