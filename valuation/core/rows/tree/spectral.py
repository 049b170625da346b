"""Spectral clusters of exactly equal size, by landmarks: rows joined by chains of near rows fall together."""

import numpy as np

from valuation.core.distances import squared_distances
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.rows.tree.balanced_kmeans import balanced_kmeans, centred, content_order

LANDMARKS = 256
_NEAREST = 7
_ROUNDING = 1e-10
# Squared distances below this, of rows scaled to at most 1, are rounding: the rows are the same.
_SAME = 1e-14


def spectral(z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator) -> IndexVector:
    """Cut rows into clusters of ``floor(n / K)`` or ``ceil(n / K)`` rows along the eigenvectors of a graph of rows.

    Landmark spectral clustering (Chen and Cai 2011, doi:10.1609/aaai.v25i1.7900): every row is tied to landmarks
    near it, two rows are as alike as the landmarks they share, and the first ``K`` eigenvectors of that graph are
    cut by balanced k-means. All rows are landmarks up to ``LANDMARKS`` of them; above, landmarks are drawn, which is
    the limit of this method: a structure finer than the landmarks is not seen.

    Args:
        z: Embedding, finite float64 ``(n, d)``.
        n_clusters: Number of clusters ``K``, from 1 to ``n``.
        rng: Draws landmarks and starts k-means. Rows are taken in content order.

    Returns:
        Cluster of each row, int ``(n,)``, with the sizes of
        :func:`~valuation.core.rows.tree.balanced_kmeans.cluster_sizes`. O(n m (d + m)) time for ``m`` landmarks.

    Raises:
        InvalidDataError: ``n_clusters`` does not fit the rows, or ``z`` is not a finite matrix.
    """
    order = content_order(z)
    labels = np.empty(len(z), dtype=np.intp)
    coordinates = _eigenvectors(centred(z[order]), n_clusters, rng)
    labels[order] = balanced_kmeans(coordinates, n_clusters, rng=rng)
    return labels


def _eigenvectors(rows: FloatMatrix, count: int, rng: np.random.Generator) -> FloatMatrix:
    """The graph's first eigenvectors, float64 ``(n, min(count, n_landmarks))``."""
    chosen = np.sort(rng.permutation(len(rows))[:LANDMARKS])
    ties = _ties(rows, rows[chosen])
    # Each row's ties sum to 1, so that this scaling makes the graph's degrees 1.
    scaled = ties / np.sqrt(np.maximum(ties.sum(axis=0), _ROUNDING))
    eigenvalues, vectors = np.linalg.eigh(scaled.T @ scaled)
    kept = [at for at in range(len(chosen))[::-1][:count] if eigenvalues[at] > _ROUNDING]
    found = scaled @ vectors[:, kept] / np.sqrt(eigenvalues[kept])
    # Rounded, or rows alike would differ in the last bits and be parted by them.
    return np.asarray(np.round(found, 10) + 0.0)


def _ties(rows: FloatMatrix, landmarks: FloatMatrix) -> FloatMatrix:
    """Weights of rows' ties to landmarks, float64 ``(n, m)``; each row's sum to 1.

    Gaussian, each as wide as its two ends' distances to their ``_NEAREST``-th landmark (self-tuning: Zelnik-Manor and
    Perona 2004), so that dense and thin regions hold together alike.
    """
    squares = _settled_distances(rows, landmarks)
    widths = _squared_widths(squares)[:, None] * _squared_widths(_settled_distances(landmarks, landmarks))
    exponents = squares / np.sqrt(widths)
    # The nearest landmark's weight is 1 before the division, or a lone row's would all underflow to 0.
    weights = np.exp(exponents.min(axis=1, keepdims=True) - exponents)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _settled_distances(rows: FloatMatrix, landmarks: FloatMatrix) -> FloatMatrix:
    squares = squared_distances(rows, landmarks)
    return np.asarray(np.where(squares > _SAME, squares, 0.0))


def _squared_widths(squares: FloatMatrix) -> FloatVector:
    place = min(_NEAREST, squares.shape[1]) - 1
    return np.asarray(np.maximum(np.partition(squares, place, axis=1)[:, place], _SAME))
