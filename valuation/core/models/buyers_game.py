"""The game that a buyer's terms ask for, over encoded rows: what a run plays and a dry run rehearses."""

import numpy as np

from valuation.core.games.rows import PooledRows
from valuation.core.models import ModelSpec, UtilityGame, checked_rows, game_of
from valuation.core.models.topped_up import ToppedUpGame, make_topped_up_utility


def buyers_game(spec: ModelSpec, rows: PooledRows) -> UtilityGame | ToppedUpGame:
    """Make the game over pooled rows: from the buyer's own rows on, or filled up to the fewest that its terms start at.

    Args:
        spec: The buyer's model, metric and terms.
        rows: Encoded rows: those that are valued, those that score, and those that the buyer has already.

    Returns:
        The game; the same rows and terms always give the same one.

    Raises:
        InvalidDataError: See :func:`~valuation.core.models.make_utility`.
    """
    arrays = rows.X, rows.y, rows.X_valid, rows.y_valid
    if not spec.start_rows:
        return game_of(spec, checked_rows(spec, *arrays, X_base=rows.X_base, y_base=rows.y_base))
    return make_topped_up_utility(spec, *arrays, s_min=spec.start_rows, rng=np.random.default_rng(spec.seed))
