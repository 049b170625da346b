"""How much of each seller's value was decided at which coalition size, and the learning curve, from merged sums."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.fgsv.strata import Stratum
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.plans.plan import PlanState


@dataclass(frozen=True, eq=False)
class SizeContributions:
    """Values cut by the size of the coalition that a row joins, and the learning curve beside them.

    Attributes:
        edges: int64 ``(n_bins + 1,)``, from 0 to ``n``: bin ``b`` holds the rows that join as number ``edges[b] + 1``
            to ``edges[b + 1]`` of their coalition.
        contributions: float64 ``(n_bins, n_groups)``, in metric units; columns sum to the values of the groups.
        curve_sizes: float64 ``(n_points,)``, from 0 to ``n``, increasing.
        curve_utilities: float64 ``(n_points,)``: mean utility of a random coalition of that size, in metric units.
    """

    edges: npt.NDArray[np.int64]
    contributions: FloatMatrix
    curve_sizes: FloatVector
    curve_utilities: FloatVector


def by_size(plan: FgsvPlan, state: PlanState) -> SizeContributions:
    """Cut the Faithful Group Shapley Values by coalition size.

    The rows of group ``g`` that join a random coalition as its ``t``-th row earn

        D_g(t) = p_g [mu(t) - mu(t - 1)] + (n - t)/n T_g(t) + (t - 1)/n T_g(t - 1),     FGSV(g) = sum_t D_g(t),

    with ``mu(s)`` the mean utility of all coalitions of ``s`` rows: the learning curve, which is the same for every
    row, and ``T_g(s)`` the contrast of lemma 1, which says by how much the rows of ``g`` beat the others in a
    coalition of ``s`` rows. It follows from Shapley's definition with ``E[U(S) | i in S] = mu(s) + (n - s) T_i(s)`` and
    ``E[U(S) | i not in S] = mu(s) - s T_i(s)``. A bin holds the rows that join as number ``edges[b] + 1`` to
    ``edges[b + 1]``.

    Args:
        plan: The plan of the run.
        state: Its merged sums, the first wave at least.

    Returns:
        The contributions and the learning curve. Exact where every coalition was enumerated, otherwise an estimate.

    Note:
        Of a stratum only the sum of T(s) over its sizes is known, so the part of its last size that belongs to the
        next bin is taken as that of its mean size; that part is at most about ``3 / n`` of the stratum. Between the
        strata the learning curve is interpolated on log(s / (n - s)), the scale on which they are cut; in weighing
        strata its coalitions keep close to the proportional composition. Neither touches the sums.
    """
    values = plan.estimate(state).values
    n = sum(plan.group_sizes)
    empty, full = (float(utility) for utility in state.arrays["ends"])
    if not plan.strata:
        ends = np.array([0.0, n])
        return SizeContributions(ends.astype(np.int64), values[None, :], ends, np.array([empty, full]))
    edges = _edges(plan.strata, n)
    knots = np.array([_middle(stratum, n) for stratum in plan.strata])
    each = np.array([stratum.evaluations_per_draw for stratum in plan.strata])
    means = state.arrays["utilities"] / (state.arrays["draws"] * each)
    inner = np.interp(_log_odds(edges[1:-1], n), knots, means)
    growth = np.diff(np.concatenate([[empty], inner, [full]]))
    contributions = np.outer(growth, plan.parts) + _contrasts(plan, state, n_bins=len(edges) - 1)
    # What rounding leaves, so that the columns sum to the values.
    contributions[-1] += values - contributions.sum(axis=0)
    return SizeContributions(
        edges=edges,
        contributions=contributions,
        curve_sizes=np.concatenate([[0.0], n / (1.0 + np.exp(-knots)), [float(n)]]),
        curve_utilities=np.concatenate([[empty], means, [full]]),
    )


def _edges(strata: tuple[Stratum, ...], n: int) -> npt.NDArray[np.int64]:
    """Bins that hold nearly all of their stratum's contrast: that of small sizes lies before them, of large after."""
    ends = [0, *(stratum.high if _is_lower(stratum, n) else stratum.high + 1 for stratum in strata)]
    return np.array(ends if ends[-1] == n else [*ends, n], dtype=np.int64)


def _is_lower(stratum: Stratum, n: int) -> bool:
    return stratum.high <= n // 2


def _contrasts(plan: FgsvPlan, state: PlanState, *, n_bins: int) -> FloatMatrix:
    """``(n - t)/n T(t) + (t - 1)/n T(t - 1)`` summed over each bin, float64 ``(n_bins, n_groups)``."""
    n = sum(plan.group_sizes)
    found = plan.stratum_values(state)
    contrasts = np.zeros((n_bins, plan.n_groups))
    contrasts[: len(found)] = found
    for k, stratum in enumerate(plan.strata):
        mean = found[k] / stratum.n_sizes
        if _is_lower(stratum, n):  # s / n of T at the last size belongs to the row that joins it
            beyond, neighbour = mean * (stratum.high / n), k + 1
        elif k and not _is_lower(plan.strata[k - 1], n):  # (n - s) / n of T at the first size to the row that made it
            beyond, neighbour = mean * (1 - stratum.low / n), k - 1
        else:
            continue
        contrasts[k] -= beyond
        contrasts[neighbour] += beyond
    return contrasts


def _middle(stratum: Stratum, n: int) -> float:
    """Mean of log(s / (n - s)) over the sizes, where a curve that is straight on that scale has its mean."""
    return float(_log_odds(np.arange(stratum.low, stratum.high + 1), n).mean())


def _log_odds(sizes: npt.NDArray[np.int64], n: int) -> FloatVector:
    return np.asarray(np.log(sizes / (n - sizes)), dtype=np.float64)
