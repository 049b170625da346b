"""SVARM: Shapley values without marginal contributions."""

import math

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import FloatVector, Game, slice_length, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import coalitions_of, seeded
from valuation.core.sampling.only_player import value_of_only_player

# So many draws times the harmonic number leave a row without two draws of either kind once in 10^15 times.
_DRAWS_PER_HARMONIC = 40
# So often a row has to be drawn alone, and left out alone, as expected: fewer know the spread of a steep game badly.
ALONE_MIN = 4


def svarm_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row as a difference of two mean utilities (Kolpaczki et al. 2024, arXiv:2302.00736).

    ``phi_i = E[U(A) | i in A] - E[U(B) | i not in B]`` with A of size ``s = 1..n`` by ``1/s`` and B of size ``s =
    0..n-1`` by ``1/(n - s)``, uniform within a size: given that it holds a row, every size of A is equally likely, and
    likewise for B without it. Given which draws hold a row, both means are of independent draws.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend, half of them on either kind; for an interval about
            ``8 n (ln n + 0.6)``.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values, float64 ``(n,)``, in metric units; unbiased; they need not sum to ``U(N) - U(empty)``. Their standard
        errors are ``None`` below ``4 n (1 + 1/2 + ... + 1/n)`` draws of a kind: there each row is expected alone, and
        left out alone, four times.

    Raises:
        BudgetTooSmallError: The budget may leave a row without two draws of either kind.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: no warm-up of ``2 n`` evaluations that inform one row each; the smallest budget takes
        its place.
    """
    if (exact := value_of_only_player(game, budget, "svarm")) is not None:
        return exact
    n, draws = game.n_players, budget // 2
    harmonic = float((1.0 / np.arange(1, n + 1)).sum())
    needed = math.ceil(_DRAWS_PER_HARMONIC * harmonic)
    if draws < needed:
        raise BudgetTooSmallError(budget, 2 * needed)
    seed, rng = seeded(rng)
    inverse = 1.0 / np.arange(1, n + 1)
    probabilities = inverse / inverse.sum()
    values, variances = np.zeros(n), np.zeros(n)
    for inside in (True, False):
        means, variances_of_means = _means(game, probabilities, draws, rng, inside=inside)
        values += means if inside else -means
        variances += variances_of_means
    errors = np.sqrt(variances) if draws >= ALONE_MIN * n * harmonic else None
    return PointValues(values, errors, 2 * draws, seed, "svarm/1")


def _means(
    game: Game, probabilities: FloatVector, draws: int, rng: np.random.Generator, *, inside: bool
) -> tuple[FloatVector, FloatVector]:
    """Mean utility of the draws that hold (or leave out) each row, about ``U(empty)``, and the means' variances."""
    n, step = game.n_players, slice_length(game.n_players)
    counts, sums, squares = np.zeros(n), np.zeros(n), np.zeros(n)
    centre: float | None = None
    for at in range(0, draws, step):
        sizes = 1 + rng.choice(n, size=min(step, draws - at), p=probabilities)
        chosen = coalitions_of(sizes, n, rng)
        utilities = utilities_of(game, chosen if inside else ~chosen)
        # Squares are taken about a utility of the game: about 0 they would cancel.
        centre = float(utilities[0]) if centre is None else centre
        away = utilities - centre
        counts += chosen.sum(axis=0)
        sums += away @ chosen
        squares += away**2 @ chosen
    means = sums / counts
    variances = np.maximum(squares - counts * means**2, 0.0) / (counts - 1) / counts
    return means + (centre or 0.0), variances
