"""Distances of rows, from differences: squares less products would lose what is far from 0, a column of timestamps."""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from valuation.core.games.game import FloatMatrix, IndexMatrix

_CHUNK_BYTES = 32_000_000


def squared_distances(rows: FloatMatrix, others: FloatMatrix) -> FloatMatrix:
    """Squared Euclidean distances, float64 ``(len(rows), len(others))``, right to rounding wherever the origin lies."""
    return np.asarray(cdist(rows, others, "sqeuclidean"))


def nearest_first(points: FloatMatrix, rows: FloatMatrix) -> Iterator[tuple[slice, IndexMatrix]]:
    """Order of all rows by their Euclidean distance from each point, for chunks of points of bounded memory.

    Args:
        points: Finite float64 ``(m, d)``.
        rows: Finite float64 ``(n, d)``; rows equally near are ordered by position.

    Yields:
        Which points, and the positions of the rows, nearest first, int ``(points of the chunk, n)``.
    """
    # Multiplied by a power of two no order changes, and no square overflows.
    largest = max(np.abs(points).max(initial=0.0), np.abs(rows).max(initial=0.0))
    exponent = -int(np.frexp(largest)[1])
    points, rows = np.ldexp(points, exponent), np.ldexp(rows, exponent)
    # Equal rows get equal distances to the last bit because each is computed once.
    distinct, distinct_of = np.unique(rows, axis=0, return_inverse=True)
    at_once = max(1, _CHUNK_BYTES // (8 * max(len(rows), 1)))
    for first in range(0, len(points), at_once):
        chunk = slice(first, first + at_once)
        distances = squared_distances(points[chunk], distinct)[:, distinct_of.ravel()]
        yield chunk, np.argsort(distances, axis=1, kind="stable")
