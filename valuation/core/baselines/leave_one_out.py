"""Leave-one-out: what the full model loses without a group."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.seller_sums import SellerGame
from valuation.core.games.game import Game, check_groups
from valuation.core.results import GroupValues
from valuation.core.sampling import seller_blocks
from valuation.core.sampling.group_order import in_canonical_order


def leave_one_out(game: Game, groups: Sequence[npt.ArrayLike]) -> GroupValues:
    """Drop ``U(all groups) - U(all groups but g)`` of every group; ``P + 2`` evaluations, nothing random.

    Drops do not sum to anything, and small negative ones are normal: they are of the size of the validation sample's
    noise (docs/mathematics.md section 2). For one group the drop is ``U(group) - U(empty)``.

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint; rows of no group are never trained on.

    Returns:
        Drops, with zero computation covariance and the validation covariance where the game is rowwise.

    Raises:
        InvalidGroupsError: The groups overlap.
    """
    members, places = in_canonical_order(check_groups(groups, game.n_players))
    rng = np.random.default_rng(0)  # the kernels' common signature; neither kernel draws
    arrays = seller_blocks.ends(game, members, {}, rng)[0]
    if len(members) > 1:
        arrays |= seller_blocks.without_one(game, members, {"first": 0, "last": len(members)}, rng)[0]
    return SellerGame(len(members), circles=0).leave_one_out(arrays).of_groups(places)
