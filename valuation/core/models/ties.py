"""Scores that differ by rounding alone are ties: else who stands beside a coalition in its batch decides its order.

Equal validation rows, and rows that a model cannot tell apart, have equal scores in exact arithmetic; matrix products
of another shape round them otherwise. Ranks and labels must not hang on that.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Of the spread of a coalition's scores: fits are right to about this much.
OF_SPREAD = 1e-8
# Of the size of the terms that a score is a sum of: what their products round to, with room.
OF_SIZE = 1e-12


def ranks(scores: FloatArray, size: FloatArray) -> FloatArray:
    """Rank the scores of every coalition, near ties alike.

    Args:
        scores: One a validation row, float64 ``(k, m)``.
        size: Of the terms that each score is a sum of, float64 ``(k, m)``.

    Returns:
        Ranks from 0, float64 ``(k, m)``, equal along chains of scores whose neighbours differ by rounding alone; no
        numbers for a coalition with a score that is none.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    middle = ordered[:, ordered.shape[1] // 2, None]
    spread = np.median(np.abs(ordered - middle), axis=1, keepdims=True)
    rounding = OF_SIZE * (1.0 + np.take_along_axis(size, order, axis=1))
    is_above = np.diff(ordered, axis=1) > OF_SPREAD * spread + rounding[:, 1:]
    found = np.zeros_like(scores)
    np.put_along_axis(found, order[:, 1:], np.cumsum(is_above, axis=1, dtype=np.float64), axis=1)
    found[~np.isfinite(scores).all(axis=1)] = np.nan
    return found


def ranks_by_class(shares: FloatArray) -> FloatArray:
    """Rank the rows by the logarithm of each class's probability, float64 ``(k, m, classes)``, near ties alike."""
    logarithms = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    size = np.abs(logarithms).max(axis=2)
    return np.stack([ranks(logarithms[:, :, code], size) for code in range(shares.shape[2])], axis=2)


def is_positive(margins: FloatArray, size: FloatArray) -> NDArray[np.bool_]:
    """Which margins are above 0 by more than rounding, of the shape of ``margins``; see ``ranks``."""
    positive: NDArray[np.bool_] = margins > OF_SIZE * (1.0 + size)
    return positive


def first_of_the_largest(scores: FloatArray, size: FloatArray) -> NDArray[np.intp]:
    """The first class whose score is the largest but for rounding.

    Args:
        scores: Float64 ``(k, classes, m)``; minus infinity for a class that cannot win.
        size: Of their terms, float64 ``(k, m)``.

    Returns:
        Places of classes, int ``(k, m)``.
    """
    largest = scores.max(axis=1) - OF_SIZE * (1.0 + size)
    return np.asarray((scores >= largest[:, None, :]).argmax(axis=1))
