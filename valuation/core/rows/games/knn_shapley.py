"""KNN-Shapley: exact values of rows in the game of a nearest-neighbour classifier, without any training."""

import numpy as np

from valuation.core.distances import nearest_first
from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector


def knn_shapley(
    X: FloatMatrix, y: IndexVector, X_valid: FloatMatrix, y_valid: IndexVector, n_neighbors: int
) -> FloatVector:
    """Shapley value of every training row in the game of its nearest neighbours.

    The game of one validation row is ``U(S) = correct / K``, where ``correct`` counts the rows of the right class
    among its ``min(K, |S|)`` nearest in ``S``, and ``U(empty) = 0``; the value is the mean over validation rows. With
    training rows ``a_1..a_n`` by distance (Jia et al. 2019, arXiv:1908.08619, theorem 1, for any ``n`` and ``K``):

    ``s(a_n) = [y(a_n) = y] / max(n, K)``,
    ``s(a_i) = s(a_{i+1}) + ([y(a_i) = y] - [y(a_{i+1}) = y]) / K * min(K, i) / i``.

    It is exact for this game alone: not for a majority vote, and not for ``correct / min(K, |S|)``.

    Args:
        X: Training rows, float64 ``(n, d)``; distances are Euclidean. Rows equally near are ordered by position.
        y: Class codes, ``(n,)``.
        X_valid: Validation rows, float64 ``(m, d)``, ``m >= 1``.
        y_valid: Class codes, ``(m,)``.
        n_neighbors: Number of neighbours ``K``, at least 1.

    Returns:
        float64 ``(n,)``, as parts of an accuracy in [0, 1]; they sum to ``U(N)``. O(m n log n) time, bounded memory.

    Raises:
        InvalidDataError: There is no validation row, shapes do not fit, a feature is missing or infinite, targets are
            numbers and no class codes, or ``n_neighbors`` is below 1.
    """
    X, X_valid = np.asarray(X, dtype=np.float64), np.asarray(X_valid, dtype=np.float64)
    y, y_valid = np.asarray(y), np.asarray(y_valid)
    _check(X, y, X_valid, y_valid, n_neighbors)
    n, m = len(X), len(X_valid)
    if n == 0:
        return np.zeros(0)
    total = np.zeros(n)
    for chunk, nearest in nearest_first(X_valid, X):
        by_distance = _recursion((y[nearest] == y_valid[chunk, None]).astype(np.float64), n_neighbors)
        values = np.empty_like(by_distance)
        np.put_along_axis(values, nearest, by_distance, axis=1)
        total += values.sum(axis=0)
    return np.asarray(total / m)


def _check(X: FloatMatrix, y: IndexVector, X_valid: FloatMatrix, y_valid: IndexVector, n_neighbors: int) -> None:
    if n_neighbors < 1:
        raise InvalidDataError(f"There must be at least one neighbour, not {n_neighbors}.")
    if len(X_valid) == 0:
        raise InvalidDataError("There is no validation row.")
    shapes = X.ndim == X_valid.ndim == 2 and X.shape[1] == X_valid.shape[1]  # noqa: PLR2004 - rows and columns
    if not shapes or y.shape != X.shape[:1] or y_valid.shape != X_valid.shape[:1]:
        raise InvalidDataError("Rows, classes and columns of training and validation data do not fit together.")
    if not (np.isfinite(X).all() and np.isfinite(X_valid).all()):
        raise InvalidDataError("A feature is missing or infinite; encode the rows first.")
    if any(codes.dtype.kind in "fc" and (codes != np.round(codes)).any() for codes in (y, y_valid)):
        raise InvalidDataError("Targets are numbers and no class codes; neighbours are right or wrong about classes.")


def _recursion(right: FloatMatrix, n_neighbors: int) -> FloatMatrix:
    """The recursion from the farthest row inwards; ``right`` is 0 or 1, ``(m, n)``, nearest first, as is the result."""
    n = right.shape[1]
    places = np.arange(1, n)
    steps = (right[:, :-1] - right[:, 1:]) * (np.minimum(n_neighbors, places) / places / n_neighbors)
    backwards = np.concatenate([right[:, -1:] / max(n, n_neighbors), steps[:, ::-1]], axis=1)
    return np.asarray(backwards.cumsum(axis=1)[:, ::-1])
