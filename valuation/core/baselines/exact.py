"""Shapley values by enumeration: the oracle that every other estimator has to meet."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import FloatVector, Game, scores, slice_length
from valuation.core.sampling.seller_blocks import coalitions_from_codes, shapley_weights

PLAYERS_MAX = 20


def exact_shapley(game: Game) -> FloatVector:
    """Shapley value of every player from all ``2^n`` coalitions.

    ``phi_i = sum_S U(S) [i in S ? 1 / (|S| C(n, |S|)) : -1 / ((n - |S|) C(n, |S|))]`` (Shapley 1953).

    Args:
        game: A game of at most 20 players.

    Returns:
        float64 ``(n_players,)``, in metric units; they sum to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The game has more than 20 players.
    """
    n = game.n_players
    if n > PLAYERS_MAX:
        raise BudgetTooSmallError(2**PLAYERS_MAX, 2**n)
    values = np.zeros(n)
    step = slice_length(n)
    for first in range(0, 2**n, step):
        codes = np.arange(first, min(first + step, 2**n), dtype=np.int64)
        coalitions = coalitions_from_codes(codes, n)
        values += shapley_weights(coalitions) @ scores(game, coalitions)[0]
    return values
