"""Group Shapley value: every group played as one player."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.seller_sums import SellerGame
from valuation.core.games.game import Game, IndexVector, check_groups
from valuation.core.results import GroupValues
from valuation.core.sampling import seller_blocks
from valuation.core.sampling.circles import CIRCLES_MIN, evaluations_of_circle
from valuation.core.sampling.group_order import in_canonical_order
from valuation.core.sampling.seeds import require_generator
from valuation.core.sampling.seller_blocks import EXACT_GROUPS_MAX, Arrays

# Weights of coalitions are held for so many at once: 36 rows of 16,384 at most, below 5 MB.
_CODES = 1 << 14


def estimate_gsv(game: Game, groups: Sequence[npt.ArrayLike], *, budget: int, rng: np.random.Generator) -> GroupValues:
    """Shapley value of the game of groups ``V(A) = U(union of G_g, g in A)`` (FGSV paper, equation 2).

    Exact from ``2^P`` coalitions up to eighteen groups where the budget allows it, otherwise from random circles of
    the groups (:mod:`~valuation.core.sampling.circles`); a run, which has more to do, enumerates up to twelve. Not
    safe to pay by: a group that splits itself can raise its total.

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint; rows of no group are never trained on.
        budget: Most utility evaluations to spend.
        rng: Source of randomness; unused where the value is exact.

    Returns:
        Values summing to ``V(all) - V(none)``; zero computation covariance where exact.

    Raises:
        InvalidGroupsError: The groups overlap.
        BudgetTooSmallError: The budget covers neither all coalitions nor four circles of ``P (P - 1)`` evaluations.
    """
    require_generator(rng)
    members, places = in_canonical_order(check_groups(groups, game.n_players))
    n_groups = len(members)
    if n_groups <= EXACT_GROUPS_MAX and 2**n_groups <= budget:
        sellers = SellerGame(n_groups, circles=0)
        arrays = _enumerated(game, members, rng)
    else:
        each = evaluations_of_circle(n_groups)
        circles = (budget - 2) // each if each else 0
        if circles < CIRCLES_MIN:
            raise BudgetTooSmallError(budget, min(2**n_groups, 2 + CIRCLES_MIN * each))
        sellers = SellerGame(n_groups, circles)
        arrays = seller_blocks.circles(game, members, {"first": 0, "last": circles}, rng)[0]
    arrays |= seller_blocks.ends(game, members, {}, rng)[0]
    return sellers.gsv(arrays, seed=None).of_groups(places)


def _enumerated(game: Game, members: list[IndexVector], rng: np.random.Generator) -> Arrays:
    """Sums over all coalitions of groups but the two ends."""
    arrays: Arrays = {}
    last = 2 ** len(members) - 1
    for first in range(1, last, _CODES):
        span: seller_blocks.Span = {"first": first, "last": min(first + _CODES, last)}
        for name, sums in seller_blocks.coalitions(game, members, span, rng)[0].items():
            arrays[name] = arrays[name] + sums if name in arrays else sums
    return arrays
