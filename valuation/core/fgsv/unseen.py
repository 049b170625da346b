"""What no draw has shown: a variance of 0 is never believed, and a group that few draws told of is not known.

Where utilities move in few coalitions only, a stratum may see none of them and claim certainty. So two things are
added to a stratum's covariance, from what it and the strata around it saw:

- Events that no draw hit. Three more are thought of (the rule of three), each as large as those that were seen: the
  mean of the squared residuals weighted by themselves. That of another stratum counts too, the less the farther it is;
  and a stratum that saw one and the same utility may have missed what its neighbours see.
- Groups that few draws told of, as a single row among small coalitions: their variance a draw, in units of the spread
  of their counts, is shrunk upwards to that of the nearest strata that tell of them, or to the mean squared residual.

Both vanish as draws come in, the first with their square: where the residuals are near to normal it is 9 / draws of the
variance. While they make up most of a group's variance, the draws have not said how far its value may be off, and it
gets no interval: see :func:`too_little_seen`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.strata import Stratum
from valuation.core.fgsv.sums import StratumSums, map_of_pairs
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.plans.block_kinds import BlockKind

BoolVector = npt.NDArray[np.bool_]

_EVENTS = 3.0
# Of the size of an event, from one stratum to the next: residuals of learning curves fall about as fast.
_FADE = 0.7
# How many draws that tell of a group the others count for, and how many they must have.
_BORROWED = 2.0
_TELLING = 10.0
# More of a group's variance than this may not be what no draw has shown, or lie where so few draws told of the group.
_MOST = 0.5
_TOLD_MIN = 5.0
# So many draws that saw one and the same utility have shown that events are no more frequent than one in a hundred:
# the step to the sizes next to it may then stand for what varies in it.
_ALIKE_DRAWS = 300.0
# Where all sizes saw the same, there is no step either, and only many more draws say that there is nothing.
_NOTHING_DRAWS = 1000.0


def unseen_variances(
    strata: Sequence[Stratum],
    sums: Sequence[StratumSums],
    variances: FloatMatrix,
    *,
    group_sizes: FloatVector,
    ends: FloatVector,
    noise: float,
) -> FloatMatrix:
    """What to add to the variance of each group in each stratum, float64 ``(n_strata, n_groups)``.

    Args:
        strata: All strata of the plan.
        sums: Their merged sums.
        variances: Variances as the draws show them, float64 ``(n_strata, n_groups)``.
        group_sizes: Rows of each group, float64 ``(n_groups,)``.
        ends: ``U(empty)`` and ``U(N)``.
        noise: What rounding may leave of a utility.

    Returns:
        float64 ``(n_strata, n_groups)``, in squared metric units; 0 for an enumeration. See :func:`with_sum_0`.
    """
    jumps = _jumps(strata, sums, ends)
    added = np.zeros_like(variances)
    # Single coalitions and pairs are told apart: utilities of a pair differ by far less than those of two coalitions.
    for paired in (False, True):
        own = [k for k, one in enumerate(strata) if one.kind is not BlockKind.ENUMERATION and one.paired == paired]
        if not own:
            continue
        draws = np.array([sums[k].draws for k in own])
        squares = np.array([sums[k].squares for k in own])
        fourths = np.array([sums[k].fourths for k in own])
        varies = squares > draws * noise**2
        seen = np.divide(fourths, squares, out=np.zeros_like(squares), where=varies)
        apart = np.abs(np.subtract.outer(own, own))
        events = np.maximum((seen * _FADE ** (2 * apart)).max(axis=1), np.where(varies, 0.0, jumps[own] ** 2))
        spreads = np.array([_spread(strata[k], sums[k], group_sizes) for k in own])
        telling = np.array([_telling(strata[k], sums[k].draws, group_sizes) for k in own])
        each = np.divide(variances[own] * draws[:, None], spreads, out=np.zeros_like(spreads), where=spreads > 0)
        others = np.broadcast_to((squares / draws)[:, None], each.shape)
        if not paired:  # groups of few pairs have slopes too rough to lend
            others = np.maximum(others, _nearest_that_tell(each, telling))
        shrunk = _BORROWED * np.maximum(others - each, 0.0) / (telling + _BORROWED)
        added[own] = spreads * (shrunk + _EVENTS * events[:, None] / draws[:, None]) / draws[:, None]
    return added


def too_little_seen(
    strata: Sequence[Stratum],
    sums: Sequence[StratumSums],
    variances: FloatMatrix,
    unseen: FloatMatrix,
    *,
    group_sizes: FloatVector,
    noise: float,
) -> BoolVector:
    """Of which groups the draws have shown too little for an interval, bool ``(n_groups,)``.

    Of those of whose variance more than half is what no draw has shown, about as where fewer than three events were
    seen, or lies in strata that fewer than five draws told of the group in; and of all, where every coalition was
    worth the same and some stratum had fewer than a thousand draws: U may move in a few sizes only.

    Args:
        strata: All strata of the plan.
        sums: Their merged sums.
        variances: Variances of each group by stratum, the unseen ones included, float64 ``(n_strata, n_groups)``.
        unseen: What :func:`unseen_variances` found of them.
        group_sizes: Rows of each group, float64 ``(n_groups,)``.
        noise: What rounding may leave of a utility.
    """
    sampled = np.array([stratum.kind is not BlockKind.ENUMERATION for stratum in strata], dtype=np.bool_)
    if not sampled.any():
        return np.zeros(variances.shape[1], dtype=np.bool_)
    draws = np.array([one.draws for one in sums])
    if variances.max() <= noise**2:
        return np.full(variances.shape[1], bool((draws[sampled] < _NOTHING_DRAWS).any()))
    alike = np.array([one.squares <= one.draws * noise**2 and one.draws >= _ALIKE_DRAWS for one in sums])
    telling = np.array([_telling(stratum, one.draws, group_sizes) for stratum, one in zip(strata, sums, strict=True)])
    open_ = (sampled & ~alike)[:, None]
    most = _MOST * variances.sum(axis=0)
    untold = (variances * (open_ & (telling < _TOLD_MIN))).sum(axis=0)
    return np.asarray(((unseen * open_).sum(axis=0) > most) | (untold > most))


def _jumps(strata: Sequence[Stratum], sums: Sequence[StratumSums], ends: FloatVector) -> FloatVector:
    """How far the mean utility of each stratum is from that of the sizes next to it, float64 ``(n_strata,)``."""
    each = [
        one.utilities / max(1.0, one.draws * stratum.evaluations_per_draw)
        for stratum, one in zip(strata, sums, strict=True)
    ]
    steps = np.abs(np.diff([ends[0], *each, ends[1]]))
    return np.maximum(steps[:-1], steps[1:])


def _spread(stratum: Stratum, sums: StratumSums, group_sizes: FloatVector) -> FloatVector:
    """Variance a draw of each group's part of the value, were the residuals of variance 1 and told of no group."""
    if sums.normal is not None:
        transform = map_of_pairs(stratum, sums.normal, group_sizes)
        return np.asarray(np.einsum("gi,ij,gj->g", transform, sums.normal, transform) * sums.steepness)
    n = group_sizes.sum()
    sizes = np.arange(stratum.low, stratum.high + 1)
    parts = group_sizes / n
    return np.asarray(
        stratum.n_sizes**2 * n**2 / (n - 1) * (1.0 / (sizes * (n - sizes))).mean() * parts * (1.0 - parts)
    )


def _telling(stratum: Stratum, draws: float, group_sizes: FloatVector) -> FloatVector:
    """About how many draws tell of each group: all of them where counts vary by a row or more, else in proportion."""
    n = group_sizes.sum()
    parts = group_sizes / n
    variances = stratum.middle * (n - stratum.middle) / max(1.0, n - 1) * parts * (1.0 - parts)
    return np.asarray(draws * variances / (1.0 + variances))


def _nearest_that_tell(each: FloatMatrix, telling: FloatMatrix) -> FloatMatrix:
    """Mean of ``each`` over the nearest other strata until ten draws told of the group, ``(n_strata, n_groups)``."""
    found = np.zeros_like(each)
    capped = np.minimum(telling, _TELLING)
    for k in range(len(each)):
        nearest = np.argsort(np.abs(np.arange(len(each)) - k), kind="stable")[1:]
        before = np.cumsum(capped[nearest], axis=0) - capped[nearest]
        weights = np.clip(_TELLING - before, 0.0, capped[nearest])
        total = weights.sum(axis=0)
        found[k] = np.divide((weights * each[nearest]).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    return found


def with_sum_0(variances: FloatVector, parts: FloatVector) -> FloatMatrix:
    """A covariance with about these variances whose rows sum to 0: independent parts, their sum spread by rows."""
    own = np.divide(variances, 1.0 - parts, out=np.zeros_like(variances), where=parts < 1.0)
    crossed = np.outer(own, parts)
    found = own.sum() * np.outer(parts, parts) - crossed - crossed.T
    found[np.diag_indices_from(found)] += own
    return np.asarray(found)
