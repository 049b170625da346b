"""Faithful Shapley Royalty Share (FSRS): shares by FGSV, which splitting accounts does not move."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import Game
from valuation.core.library.estimate_fgsv import estimate_fgsv
from valuation.core.results import RoyaltyShares


def estimate_fsrs(
    game: Game, groups: Sequence[npt.ArrayLike], *, budget: int, rng: np.random.Generator
) -> RoyaltyShares:
    """Faithful royalty shares ``max(0, FGSV_g) / sum_h max(0, FGSV_h)`` (FGSV paper, section 4.2).

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint. Rows of no group are valued together and left out of the sum.
        budget: Most utility evaluations to spend.
        rng: Source of all randomness.

    Returns:
        Shares with their intervals, and the values.

    Raises:
        InvalidGroupsError: A row belongs to two groups, or does not exist.
        BudgetTooSmallError: The budget does not cover the fewest samples an interval needs.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: values below 0 count as 0; the paper divides by their plain sum, which may be 0.
    """
    values = estimate_fgsv(game, groups, budget=budget, rng=rng)
    return RoyaltyShares(values.shares, values)
