"""Values that look at no row: what every estimator has to beat."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ends_of


def random_values(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Independent uniform values in [0, 1), so that rows are ranked at random; nothing is evaluated.

    Args:
        game: The game, of which only the number of rows is asked.
        budget: Not spent; here so that all methods are called alike.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values without unit and without standard errors: they estimate nothing.
    """
    del budget
    seed, rng = seeded(rng)
    return PointValues(rng.random(game.n_players), None, 0, seed, "random/1")


def equal_split(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """``(U(N) - U(empty)) / n`` for every row: two evaluations, nothing random.

    Args:
        game: The game.
        budget: At least two where there is a row.
        rng: Not drawn from; here so that all methods are called alike.

    Returns:
        Values in metric units, with standard errors of 0: the split is exact, whatever it is worth.

    Raises:
        BudgetTooSmallError: The budget is below two.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    del rng
    if (exact := value_of_only_player(game, budget, "equal")) is not None:
        return exact
    if budget < 2:  # noqa: PLR2004 - the two ends
        raise BudgetTooSmallError(budget, 2)
    n = game.n_players
    empty, full = utilities_of(game, ends_of(n))
    return PointValues(np.full(n, (full - empty) / n), np.zeros(n), 2, None, "equal/1")
