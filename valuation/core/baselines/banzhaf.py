"""Data Banzhaf by maximum sample reuse: every utility informs every row."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, scores, slice_length
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import seeded
from valuation.core.sampling.only_player import value_of_only_player

# With 64 coalitions a row is left with fewer than two on either side once in 10^17 times.
SAMPLES_MIN = 64
# Fewer coalitions a row know its spread badly where the game is all but flat from half of the rows on.
SAMPLES_PER_ROW = 2


def banzhaf_values(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Banzhaf value of every row: mean utility of coalitions with it, minus that of coalitions without it.

    Coalitions are random halves: each row is in with probability 1/2, independently (Wang & Jia 2023,
    arXiv:2205.15466). Given which coalitions hold a row, both means are of independent draws, so that
    ``s_with^2 / m_with + s_without^2 / m_without`` estimates the variance of the difference without bias.

    Args:
        game: The game; of one row or none values are exact.
        budget: Utility evaluations to spend, one a coalition; two a row for an interval.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values, float64 ``(n,)``, in metric units, which sum to nothing in particular, and their standard errors, which
        are ``None`` below two coalitions a row.

    Raises:
        BudgetTooSmallError: The budget is below 64.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if (exact := value_of_only_player(game, budget, "banzhaf-msr")) is not None:
        return exact
    n = game.n_players
    if budget < SAMPLES_MIN:
        raise BudgetTooSmallError(budget, SAMPLES_MIN)
    seed, rng = seeded(rng)
    step = slice_length(n)
    # First row: coalitions with a row of the data; second: those without it.
    counts, sums, squares = np.zeros((2, n)), np.zeros((2, n)), np.zeros((2, n))
    centre: float | None = None
    for at in range(0, budget, step):
        coalitions = rng.integers(2, size=(min(step, budget - at), n), dtype=np.int8).astype(np.bool_)
        utilities = scores(game, coalitions)[0]
        # Squares are taken about a utility of the game: about 0 they would cancel.
        centre = float(utilities[0]) if centre is None else centre
        away = utilities - centre
        for side, members in enumerate((coalitions, ~coalitions)):
            counts[side] += members.sum(axis=0)
            sums[side] += away @ members
            squares[side] += away**2 @ members
    means = sums / counts
    variances = np.maximum(squares - counts * means**2, 0.0) / (counts - 1)
    errors = np.sqrt((variances / counts).sum(axis=0)) if budget >= SAMPLES_PER_ROW * n else None
    return PointValues(means[0] - means[1], errors, budget, seed, "banzhaf-msr/1")
