"""Agglomerative clusters of exactly equal size: a dendrogram's leaves, cut into runs."""

import numpy as np
from scipy.cluster import hierarchy as dendrograms
from scipy.spatial.distance import pdist

from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.rows.tree.balanced_kmeans import balanced_kmeans, centred, cluster_sizes, content_order

CELLS = 1_000


def agglomerative(z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator) -> IndexVector:
    """Cut rows into clusters of ``floor(n / K)`` or ``ceil(n / K)`` rows that stand together in Ward's dendrogram.

    Rows are merged pairwise by Ward's rule; the dendrogram's leaves, from left to right, are cut into runs of the
    sizes wanted. Ward's rule needs all pairs of rows: above ``CELLS`` rows these are first gathered into that many
    cells of equal size (cuts in two by margin), whose centres are merged instead, which is the limit of this method.

    Args:
        z: Embedding, finite float64 ``(n, d)``.
        n_clusters: Number of clusters ``K``, from 1 to ``n``.
        rng: Starts the cuts into cells. Rows are taken in content order.

    Returns:
        Cluster of each row, int ``(n,)``, with the sizes of
        :func:`~valuation.core.rows.tree.balanced_kmeans.cluster_sizes`. O(n d log m + m^2 d) time for ``m`` cells.

    Raises:
        InvalidDataError: ``n_clusters`` does not fit the rows, or ``z`` is not a finite matrix.
    """
    sizes = cluster_sizes(len(z), n_clusters)
    order = content_order(z)
    rows = centred(z[order])
    n_cells = min(CELLS, len(rows))
    cells = np.arange(len(rows)) if n_cells == len(rows) else balanced_kmeans(rows, n_cells, rng=rng, sweeps=0)
    centres = np.zeros((n_cells, rows.shape[1]))
    np.add.at(centres, cells, rows)
    places = np.empty(n_cells, dtype=np.intp)
    places[_leaves(centres / np.bincount(cells)[:, None])] = np.arange(n_cells)
    labels = np.empty(len(z), dtype=np.intp)
    labels[order[np.argsort(places[cells], kind="stable")]] = np.repeat(np.arange(n_clusters), sizes)
    return labels


def _leaves(centres: FloatMatrix) -> IndexVector:
    """Leaves of Ward's dendrogram from left to right, int ``(n_cells,)``."""
    if len(centres) < 2 or not centres.shape[1]:  # noqa: PLR2004
        return np.arange(len(centres))
    # Distances, not points: centres that look like a matrix of distances would be warned of.
    tree = dendrograms.linkage(pdist(centres), method="ward")
    return np.asarray(dendrograms.leaves_list(tree), dtype=np.intp)
