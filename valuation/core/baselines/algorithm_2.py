"""Algorithm 2 of the FGSV paper: each group on its own, by Algorithm 1 over coalitions that are topped up."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from valuation.core.baselines.algorithm_1 import THRESHOLD, estimate_by_algorithm_1
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import check_groups
from valuation.core.models.topped_up import ToppedUpGame
from valuation.core.results import GroupValues

METHOD_VERSION = "fgsv-algorithm-2/5"


def estimate_by_algorithm_2(
    game: ToppedUpGame,
    groups: Sequence[npt.ArrayLike],
    *,
    budget: int,
    rng: np.random.Generator,
    threshold: int = THRESHOLD,
) -> GroupValues:
    """Estimate each group's FGSV on its own by the paper's Algorithm 2: Algorithm 1 on the topped-up game.

    Args:
        game: The topped-up game.
        groups: Row indices of each group, disjoint; they need not cover all rows.
        budget: Most utility evaluations, over all groups, those of ``U'(empty)`` included although they were spent
            when the game was made.
        rng: Source of all randomness.
        threshold: ``s_bar``.

    Returns:
        Values of the topped-up game, as of :func:`~valuation.core.baselines.algorithm_1.estimate_by_algorithm_1`, and
        every evaluation of the game below.

    Raises:
        InvalidGroupsError: A row belongs to two groups, or does not exist.
        BudgetTooSmallError: Four subsets of every cell cannot be paid even with the fewest sizes.

    Note:
        For money use ``estimate_fgsv(game, groups, ...)`` on the same game: all groups at once, at a smaller error.
    """
    members = check_groups(groups, game.n_players)
    # Algorithm 1 asks for U'(empty) once and counts one evaluation.
    beyond = game.empty_evaluations - 1
    try:
        values = estimate_by_algorithm_1(game, members, budget=budget - beyond, rng=rng, threshold=threshold)
    except BudgetTooSmallError as error:
        raise BudgetTooSmallError(budget, error.needed + beyond) from error
    return replace(values, evaluations=values.evaluations + beyond, method_version=METHOD_VERSION)
