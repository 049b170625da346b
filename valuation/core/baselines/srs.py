"""Shapley Royalty Share (SRS): shares by the group Shapley value."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.baselines.gsv import estimate_gsv
from valuation.core.games.game import Game
from valuation.core.results import RoyaltyShares


def estimate_srs(
    game: Game, groups: Sequence[npt.ArrayLike], *, budget: int, rng: np.random.Generator
) -> RoyaltyShares:
    """Royalty shares ``max(0, GSV_g) / sum_h max(0, GSV_h)`` (Wang et al. 2024, arXiv:2404.13964).

    Not safe to pay by: a group that splits itself can raise its share, as GSV does.

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint; rows of no group are never trained on.
        budget: Most utility evaluations to spend.
        rng: Source of randomness; unused where the values are exact.

    Returns:
        Shares with their intervals, and the values.

    Raises:
        InvalidGroupsError: The groups overlap.
        BudgetTooSmallError: The budget covers neither all coalitions nor four circles.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: values below 0 count as 0; the paper divides by their plain sum, which may be 0.
    """
    values = estimate_gsv(game, groups, budget=budget, rng=rng)
    return RoyaltyShares(values.shares, values)
