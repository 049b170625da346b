"""The library's door to FGSV: any game, any disjoint groups, one call."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Literal

import numpy as np
import numpy.typing as npt

from valuation.core.baselines.algorithm_1 import estimate_by_algorithm_1
from valuation.core.errors import InvalidSpecError
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games.game import Game, IndexVector, check_groups, is_rowwise
from valuation.core.games.progress_game import ProgressGame
from valuation.core.plans.plan import PlanState, SavedBlocks
from valuation.core.results import GroupValues
from valuation.core.runner import run_plan
from valuation.core.sampling.seeds import seed_from

FgsvMethod = Literal["auto", "algorithm_1"]


def estimate_fgsv(
    game: Game,
    groups: Sequence[npt.ArrayLike],
    *,
    budget: int,
    rng: np.random.Generator,
    method: FgsvMethod = "auto",
    stop: Callable[[GroupValues], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
    saved: SavedBlocks | None = None,
) -> GroupValues:
    """Estimate the Faithful Group Shapley Value of disjoint groups of rows.

    A group is worth the sum of its members' Shapley values, so splitting it among several sellers leaves their total
    unchanged (Lee et al. 2025, arXiv:2505.19013, equation 5).

    Args:
        game: Maps coalitions, bool ``(n_coalitions, n_players)``, to utilities, float64 ``(n_coalitions,)``, in
            metric units.
        groups: Row indices of each group, int ``(group_size,)``. Rows of no group are valued together and left out.
        budget: Most utility evaluations to spend over all groups; one evaluation is one training run.
        rng: Source of all randomness; the run's seed is its first draw.
        method: ``"auto"`` estimates all groups at once (:class:`FgsvPlan`); ``"algorithm_1"`` is the paper's.
        stop: Asked after every wave of ``"auto"`` with what is known; true ends the run before the budget is spent.
        progress: Told evaluations spent and budget, after every block of ``"auto"`` and every batch of
            ``"algorithm_1"``. What it raises passes through: that cancels.
        saved: Keeps the blocks of ``"auto"`` (:class:`~valuation.core.plans.block_folder.BlockFolder`); a call with the
            same arguments, the generator started anew, goes on from them and ends at the same bits.

    Returns:
        Values in metric units and in the order of ``groups``, with covariance (and no interval for whom the budget was
        too small: :attr:`GroupValues.withheld`), and the validation covariance where the
        game is rowwise. With ``"auto"`` the values of groups that cover all rows sum to ``U(N) - U(empty)``.

    Raises:
        InvalidGroupsError: A row belongs to two groups, or does not exist.
        InvalidSpecError: The budget is no whole number, or the method is unknown or has neither waves to stop after nor
            blocks to save.
        BudgetTooSmallError: The budget does not cover the fewest samples an interval needs.
        UtilityNotFiniteError: The game answered NaN or infinity.
        SavedBlocksError: What is saved belongs to another run.

    Note:
        ``"auto"`` departs from the paper: see docs/algorithms/fgsv.md.
    """
    if isinstance(budget, bool) or not isinstance(budget, Integral):
        raise InvalidSpecError("budget", budget, "a whole number of utility evaluations")
    members = check_groups(groups, game.n_players)
    if method == "algorithm_1":
        if stop is not None or saved is not None:
            raise InvalidSpecError("method", method, "auto, which alone has waves to stop after and blocks to save")
        watched = game if progress is None else ProgressGame(game, lambda spent: progress(spent, budget))
        return estimate_by_algorithm_1(watched, members, budget=budget, rng=rng)
    if method != "auto":
        raise InvalidSpecError("method", method, "auto or algorithm_1")
    seed = seed_from(rng)
    partition, asked = _with_rest(members, game.n_players), np.arange(len(members))
    plan = FgsvPlan(tuple(len(group) for group in partition), budget, rowwise=is_rowwise(game))

    def enough(state: PlanState) -> bool:
        return stop is not None and stop(plan.estimate(state, seed).of_groups(asked))

    def tell(state: PlanState) -> None:
        if progress is not None:
            progress(state.evaluations, budget)

    state = run_plan(plan, game, partition, seed, enough=enough, progress=tell, saved=saved)
    return plan.estimate(state, seed).of_groups(asked)


def _with_rest(groups: list[IndexVector], n_players: int) -> list[IndexVector]:
    rest = np.setdiff1d(np.arange(n_players), np.concatenate(groups))
    return [*groups, rest] if rest.size else groups
