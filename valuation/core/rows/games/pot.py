"""How a node's pot is divided: by local Shapley values where that is safe, fading to plain weights where it is not."""

from collections.abc import Callable

import numpy as np

from valuation.core.games.game import FloatVector

# A sum of values that cancel to less than this part of their absolute sum carries no information but rounding.
_CANCELLED = 1e-12


def pot_shares(
    psi: FloatVector, pot: float, *, sizes: FloatVector, alone: Callable[[], FloatVector], limit: float
) -> tuple[FloatVector, bool]:
    """Shares of a node's pot for its children; they sum to 1, and their absolute values to at most ``limit``.

    ``omega_c = (1 - theta) psi_c / sum psi + theta w_c`` with the smallest ``theta`` in [0, 1] that keeps
    ``sum |omega_c| <= limit``. The weights ``w`` are ``max(v({c}) - v(empty), 0)``, normalised (HCDV, equation 14,
    less the empty coalition's value, or a null cluster would be paid for the baseline); by rows where all are 0.

    A negative pot has ``w`` by rows. Where ``sum psi`` is negative as well, ``psi_c / sum psi`` already charges most to
    the child that harms most; where it is positive, ``psi`` is mirrored to ``max psi + min psi - psi_c``, so that the
    child that helps least bears most. Where what is to be divided by is not positive, ``theta = 1``.

    Args:
        psi: Local Shapley values of the children, float64 ``(n_children,)``.
        pot: What the node has to divide; only its sign matters here.
        sizes: Rows of the children, float64 ``(n_children,)``.
        alone: ``v({c}) - v(empty)`` of the children, float64 ``(n_children,)``; asked only where it is needed.
        limit: Largest sum of absolute shares, above 1.

    Returns:
        Shares, float64 ``(n_children,)``, and whether ``theta > 0``.

    Note:
        Departs from the paper, which multiplies by ``psi_c / sum psi`` whatever the signs: values explode where the
        sum is near 0. docs/algorithms/hcdv.md names the cases.
    """
    basis = psi
    if pot < 0:
        basis = psi.max() + psi.min() - psi if psi.sum() > 0 else -psi
    total = basis.sum()
    plain = np.zeros_like(basis)
    safe = total > _CANCELLED * np.abs(basis).sum()
    if safe:
        plain = basis / total
        if np.abs(plain).sum() <= limit:
            return plain, False
    weights = _weights(sizes, alone() if pot >= 0 else None)
    if not safe:
        return weights, True
    kept = _largest_kept(plain, weights, limit)
    return kept * plain + (1.0 - kept) * weights, True


def _weights(sizes: FloatVector, alone: FloatVector | None) -> FloatVector:
    positive = np.zeros_like(sizes) if alone is None else np.maximum(alone, 0.0)
    return np.asarray(positive / positive.sum() if positive.sum() > 0 else sizes / sizes.sum())


def _largest_kept(plain: FloatVector, weights: FloatVector, limit: float) -> float:
    """The largest ``1 - theta`` with ``sum |(1 - theta) plain + theta weights| <= limit``.

    The sum is convex and linear between the places where a share changes sign, 1 at 0 and above ``limit`` at 1: it is
    evaluated at these places and solved on the one stretch where it crosses.
    """
    negative = plain < 0
    turns = weights[negative] / (weights[negative] - plain[negative])
    places = np.concatenate([[0.0], np.sort(turns), [1.0]])
    sums = np.abs(places[:, None] * plain + (1.0 - places[:, None]) * weights).sum(axis=1)
    above = int(np.argmax(sums > limit))
    low, high = places[above - 1], places[above]
    return float(low + (high - low) * (limit - sums[above - 1]) / (sums[above] - sums[above - 1]))
