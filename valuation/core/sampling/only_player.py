"""One player or none: nothing is to be estimated, whatever the method."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.orders import ends_of


def value_of_only_player(game: Game, budget: int, method_version: str) -> PointValues | None:
    """``U(N) - U(empty)`` of an only player, exactly, nothing of none, and ``None`` where there are two or more.

    Args:
        game: The game.
        budget: Most utility evaluations; two are spent where there is a player.
        method_version: Name and version of the method that calls.

    Returns:
        Values with standard errors of 0.

    Raises:
        BudgetTooSmallError: The budget does not cover the two ends.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    n = game.n_players
    if n > 1:
        return None
    if budget < 2 * n:
        raise BudgetTooSmallError(budget, 2 * n)
    values = np.diff(utilities_of(game, ends_of(n))) if n else np.zeros(0)
    return PointValues(values, np.zeros(n), 2 * n, None, f"{method_version.partition('/')[0]}-exact/1")
