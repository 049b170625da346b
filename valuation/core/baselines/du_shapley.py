"""DU-Shapley: a proxy for the Shapley value of groups that adds each to random rows of the others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import (
    BoolMatrix,
    FloatMatrix,
    FloatVector,
    Game,
    IndexVector,
    check_groups,
    is_rowwise,
    row_strata,
    scores,
    slice_length,
)
from valuation.core.results import GroupValues, group_values
from valuation.core.sampling.group_order import in_canonical_order
from valuation.core.sampling.seeds import seed_from
from valuation.core.statistics.widening import students_widening

REPETITIONS_MIN = 4  # fewer have no variance of Student's t
REPETITIONS_DEFAULT = 10


def du_shapley(
    game: Game, groups: Sequence[npt.ArrayLike], *, rng: np.random.Generator, budget: int | None = None
) -> GroupValues:
    """Discrete-uniform proxy of every group's Shapley value.

    ``(1/P) sum_{k=0}^{P-1} [U(D_g + R_k) - U(R_k)]``, ``R_k`` a random subset of the other groups' rows of size
    ``round(k / (P - 1) n_{-g})``, halves rounded up (Garrido-Lucero et al. 2023, arXiv:2306.02071); for one group
    ``U(N) - U(empty)``. A proxy: it is the Shapley value of groups only as far as utility depends on numbers of rows
    alone, and values need not sum to ``U(N) - U(empty)``.

    The terms ``k = 0`` and ``k = P - 1`` are not random and are evaluated once. The others are repeated with subsets
    drawn afresh for every group, so that errors of groups are independent and the covariance is diagonal.

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint; rows of no group are never trained on.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        budget: Most utility evaluations to spend: ``2 P + 2``, and ``2 P (P - 2)`` for each repetition; without one,
            ten repetitions.

    Returns:
        Values, in metric units, with their errors; nothing is random up to two groups.

    Raises:
        InvalidGroupsError: The groups overlap.
        BudgetTooSmallError: The budget does not cover four repetitions (from three groups), or the terms that are not
            random.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    members, places = in_canonical_order(check_groups(groups, game.n_players))
    n_groups = len(members)
    fixed, each = (2 if n_groups == 1 else 2 * n_groups + 2), 2 * n_groups * max(0, n_groups - 2)
    needed = fixed + REPETITIONS_MIN * each
    if budget is not None and budget < needed:
        raise BudgetTooSmallError(budget, needed)
    repetitions = 0
    if each:
        repetitions = REPETITIONS_DEFAULT if budget is None else (budget - fixed) // each
    seed = seed_from(rng)
    values, variances, (rows, first, second) = _value(game, members, repetitions, np.random.default_rng(seed))
    scored = is_rowwise(game)
    found = group_values(
        values,
        np.diag(variances),
        contributions=rows if scored else None,
        halves=(first, second) if scored and repetitions else None,
        strata=row_strata(game),
        evaluations=fixed + repetitions * each,
        seed=seed if repetitions else None,
        method_version="du-shapley/4",
    )
    return found.of_groups(places)


def _value(
    game: Game, members: list[IndexVector], repetitions: int, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector, FloatMatrix]:
    """Values, their variances, and the values of the validation rows by all, the even and the odd repetitions.

    The latter float64 ``(3, n_groups, m)``; without validation rows ``m`` is 0.
    """
    n, n_groups = game.n_players, len(members)
    totals, variances, rows = np.zeros(n_groups), np.zeros(n_groups), []
    # How each repetition counts in the mean of all, of the even and of the odd ones.
    even = np.arange(repetitions) % 2 == 0
    counts = np.stack([np.ones(repetitions), even, ~even])
    counts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    pot, pot_rows = _gain(game, _coalitions(n, [np.concatenate(members)]), _coalitions(n, [members[0][:0]]))
    for g, own in enumerate(members):
        totals[g], group_rows = pot, np.tile(pot_rows, (3, 1))
        if n_groups > 1:
            rest = np.concatenate([other for other in members if other is not own])
            # U(N) - U(empty) + U(D_g) - U(rest): both terms that are not random.
            gain, gain_rows = _gain(game, _coalitions(n, [own]), _coalitions(n, [rest]))
            totals[g] += gain
            group_rows = group_rows + gain_rows
            gains = np.zeros(repetitions)
            for at in range(repetitions):
                gains[at], gain_rows = _random_gain(game, own, rest, n_groups, rng)
                group_rows = group_rows + np.outer(counts[:, at], gain_rows)
            if repetitions:
                totals[g] += gains.mean()
                variances[g] = gains.var(ddof=1) / repetitions * students_widening(repetitions - 1)
        rows.append(group_rows)
    return totals / n_groups, variances / n_groups**2, np.stack(rows, axis=1) / n_groups


def _random_gain(
    game: Game, own: IndexVector, rest: IndexVector, n_groups: int, rng: np.random.Generator
) -> tuple[float, FloatVector]:
    """One draw of the terms ``k = 1..P - 2``, summed."""
    k = np.arange(1, n_groups - 1)
    sizes = (2 * k * len(rest) + n_groups - 1) // (2 * (n_groups - 1))
    joined = [rng.permutation(rest)[:size] for size in sizes]
    without = _coalitions(game.n_players, joined)
    together = without.copy()
    together[:, own] = True
    return _gain(game, together, without)


def _coalitions(n_players: int, members: Sequence[IndexVector]) -> BoolMatrix:
    coalitions = np.zeros((len(members), n_players), dtype=np.bool_)
    for coalition, some in zip(coalitions, members, strict=True):
        coalition[some] = True
    return coalitions


def _gain(game: Game, together: BoolMatrix, without: BoolMatrix) -> tuple[float, FloatVector]:
    """Sum of ``U(together) - U(without)``, and of the validation rows' scores, ``(0,)`` where the game has none."""
    gain, rows = 0.0, np.zeros(0)
    step = max(1, slice_length(game.n_players) // 2)
    for at in range(0, len(without), step):
        utilities, found = scores(game, np.vstack([together[at : at + step], without[at : at + step]]))
        signs = np.repeat([1.0, -1.0], len(utilities) // 2)
        gain += float(signs @ utilities)
        if found is not None:
            rows = signs @ found if at == 0 else rows + signs @ found
    return gain, rows
