"""Algorithm 1 of the FGSV paper, one group at a time, with the constants its published code lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.draws import masks_of
from valuation.core.games.game import FloatMatrix, FloatVector, Game, IndexVector, check_groups, utilities_of
from valuation.core.results import GroupValues, group_values
from valuation.core.sampling.group_order import in_canonical_order
from valuation.core.sampling.seeds import require_generator
from valuation.core.statistics.rounding import rounding_of, settled_covariance
from valuation.core.statistics.widening import students_widening

METHOD_VERSION = "fgsv-algorithm-1/4"
THRESHOLD = 20  # s_bar of the paper's motivating example
# Fewer subsets of a cell know its spread too badly for honest intervals (docs/evidence/coverage.md).
_SUBSETS_MIN = 4
# A single large size would stand for all others, however far: at 450 rows its error is twice that of both ends.
_VISITS_MIN = 2
# Where one cell is nearly all the variance its factor would grow beyond all bounds.
_FREEDOM_MIN = 3.0


@dataclass(frozen=True, eq=False)
class _Cell:
    """Subsets of one size, or pairs of them, whose mean enters T(s) with a weight; one entry of ``counts`` a subset."""

    size: int
    weight: float
    counts: tuple[int, ...]


def estimate_by_algorithm_1(
    game: Game, groups: Sequence[npt.ArrayLike], *, budget: int, rng: np.random.Generator, threshold: int = THRESHOLD
) -> GroupValues:
    """Estimate each group's FGSV on its own by the paper's Algorithm 1.

    ``FGSV(G) = (s0 / n)[U(N) - U(empty)] + sum_s T(s)``. Below ``threshold`` T(s) is lemma 1 with ``m`` subsets for
    every feasible ``s1 = |S and G|``; from there on it is theorem 2 with ``m`` pairs that share all rows but the
    swapped ones, ``T(s) ~= (s0/n)(1 - s0/n) n/(n-1) slope(s)``.

    Args:
        game: Game over rows.
        groups: Row indices of each group, disjoint; they need not cover all rows.
        budget: Most utility evaluations, over all groups.
        rng: Source of all randomness.
        threshold: ``s_bar``.

    Returns:
        Values, which need not sum to the pot, with a diagonal covariance: groups are estimated independently. Variances
        are widened for the few subsets of a cell, and hold nothing of what theorem 2 and interpolation leave.

    Raises:
        InvalidGroupsError: A row belongs to two groups, or does not exist.
        BudgetTooSmallError: Four subsets of every cell cannot be paid even with the fewest sizes.

    Note:
        Departs from the published code, not from the paper: keeps n / (s (n - s)) and n / (n - 1), accepts a group that
        holds everything, and interpolates sizes the budget cannot visit instead of counting them as 0.
    """
    n = game.n_players
    require_generator(rng)
    members, places = in_canonical_order(check_groups(groups, n))
    inner = [g for g, group in enumerate(members) if 0 < len(group) < n]
    cells = {g: _cells(n, len(members[g]), threshold, visits=n) for g in inner}
    visits = n
    while _cost(cells) * _SUBSETS_MIN > budget - 2 and visits > _VISITS_MIN:
        visits = max(_VISITS_MIN, visits // 2)
        cells = {g: _cells(n, len(members[g]), threshold, visits=visits) for g in inner}
    needed = 2 + _cost(cells) * _SUBSETS_MIN
    if needed > budget:
        raise BudgetTooSmallError(budget, needed)
    m = (budget - 2) // _cost(cells) if inner else 0
    empty, full = utilities_of(game, np.repeat([[False], [True]], n, axis=1))
    values = np.array([len(group) for group in members]) / max(1, n) * (full - empty)
    variances = np.zeros(len(members))
    for g in inner:
        terms, variances[g] = _estimate(game, members[g], cells[g], m, rng)
        values[g] += terms
    noise = rounding_of(max(abs(empty), abs(full)))
    found = group_values(
        np.where(np.abs(values) > noise, values, 0.0),
        settled_covariance(np.diag(variances), noise),
        contributions=None,
        evaluations=2 + m * _cost(cells),
        seed=None,
        method_version=METHOD_VERSION,
    )
    return found.of_groups(places)


def _cost(cells: dict[int, list[_Cell]]) -> int:
    """Evaluations of one subset (or pair) in every cell."""
    return sum(len(cell.counts) for group_cells in cells.values() for cell in group_cells)


def _cells(n: int, s0: int, threshold: int, *, visits: int) -> list[_Cell]:
    """Cells of all sizes; sizes from the threshold on are thinned to ``visits`` and weighted as interpolation asks."""
    cells = []
    for s in range(1, min(threshold, n)):
        for s1 in range(max(0, s - (n - s0)), min(s, s0) + 1):
            chance = comb(s0, s1) * comb(n - s0, s - s1) / comb(n, s)
            cells.append(_Cell(s, n / (s * (n - s)) * chance * (s1 - s * s0 / n), (s1,)))
    large = np.arange(threshold, n)
    if not large.size:
        return cells
    visited = np.unique(np.linspace(threshold, n - 1, min(visits, large.size)).round().astype(int))
    for s, times in zip(visited.tolist(), _interpolation_weights(visited, large), strict=True):
        low, high = max(0, s - (n - s0)), min(s, s0)
        middle = min(max(round(s * s0 / n), low), high)
        up, down = min(middle + 1, high), max(middle - 1, low)
        if up > down:
            slope = s0 / n * (1 - s0 / n) * n / (n - 1) / (up - down)
            cells.append(_Cell(s, times * slope, (up, down)))
    return cells


def _interpolation_weights(visited: IndexVector, sizes: IndexVector) -> FloatVector:
    """How often each visited size counts when T is interpolated linearly between visited sizes."""
    hats: FloatMatrix = np.array([np.interp(sizes, visited, row) for row in np.eye(len(visited))])
    return np.asarray(hats.sum(axis=1))


def _estimate(
    game: Game, group: IndexVector, cells: list[_Cell], m: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Sum of T(s) and the variance of the estimate."""
    others = np.setdiff1d(np.arange(game.n_players), group)
    total, variances = 0.0, np.zeros(len(cells))
    for at, cell in enumerate(cells):
        members = []
        for _ in range(m):
            mine, theirs = rng.permutation(group), rng.permutation(others)
            members += [np.concatenate([mine[:s1], theirs[: cell.size - s1]]) for s1 in cell.counts]
        utilities = utilities_of(game, masks_of(members, game.n_players)).reshape(m, len(cell.counts))
        drawn = utilities[:, 0] - utilities[:, 1] if len(cell.counts) > 1 else utilities[:, 0]
        total += cell.weight * drawn.mean()
        variances[at] = cell.weight**2 * drawn.var(ddof=1) / m
    return total, _widened(variances, m)


def _widened(variances: FloatVector, m: int) -> float:
    """Sum of the cells' variances, widened for the ``m`` draws that each was estimated from.

    Degrees of freedom of the sum are Satterthwaite's (1946, doi:10.2307/3002019), ``(sum v)^2 / sum(v^2 / (m + 1)) -
    2``: estimated ``v^2`` are too large by ``(m + 1) / (m - 1)`` under a normal law.
    """
    total = float(variances.sum())
    if total == 0.0:
        return 0.0
    parts = variances / total
    freedom = (m + 1) / float(parts @ parts) - 2.0
    return total * students_widening(max(freedom, _FREEDOM_MIN))
