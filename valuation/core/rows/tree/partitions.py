"""The ways to cut a node's rows into clusters of equal size, by name."""

from typing import Literal, Protocol

import numpy as np

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.rows.tree.agglomerative import agglomerative
from valuation.core.rows.tree.balanced_kmeans import balanced_kmeans, cluster_sizes, content_order
from valuation.core.rows.tree.spectral import spectral

HierarchyName = Literal["balanced_kmeans", "spectral", "agglomerative", "random"]


class Partition(Protocol):
    """Cuts rows into clusters of ``floor(n / K)`` or ``ceil(n / K)`` rows; owners are no input of any."""

    def __call__(self, z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator) -> IndexVector:
        """Cluster of each row of ``z``, int ``(n,)``, the larger clusters first."""
        ...


def random_partition(z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator) -> IndexVector:
    """Cut rows into clusters by lot: what a hierarchy is worth is its gain over this one.

    Args:
        z: Embedding, finite float64 ``(n, d)``; it only fixes the order in which rows draw.
        n_clusters: Number of clusters ``K``, from 1 to ``n``.
        rng: The lot.

    Returns:
        Cluster of each row, int ``(n,)``.
    """
    labels = np.empty(len(z), dtype=np.intp)
    labels[rng.permutation(content_order(z))] = np.repeat(np.arange(n_clusters), cluster_sizes(len(z), n_clusters))
    return labels


PARTITIONS: dict[HierarchyName, Partition] = {
    "balanced_kmeans": balanced_kmeans,
    "spectral": spectral,
    "agglomerative": agglomerative,
    "random": random_partition,
}


def cut(name: HierarchyName, z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator) -> IndexVector:
    """Cut rows by the partition of that name.

    Raises:
        InvalidDataError: ``n_clusters`` does not fit the rows, or ``z`` is not a finite matrix.
    """
    if z.ndim != 2 or not np.isfinite(z).all():  # noqa: PLR2004
        raise InvalidDataError("The embedding must be a matrix of finite numbers.")
    if not 1 <= n_clusters <= len(z):
        raise InvalidDataError(f"{len(z)} rows cannot be cut into {n_clusters} clusters.")
    return PARTITIONS[name](z, n_clusters, rng=rng)
