"""Balanced k-means: clusters of exactly equal size (give or take one row), the splits of HCDV's tree."""

from itertools import combinations

import numpy as np

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector

_POWER_STEPS = 8
_SPLIT_STEPS = 10


def content_order(z: FloatMatrix, y: FloatVector | IndexVector | None = None) -> IndexVector:
    """Order of rows by what they contain, first column first and ``y`` last; rows alike in all keep their order.

    Args:
        z: float64 ``(n, d)``.
        y: Targets, ``(n,)``, which order rows of equal ``z``.

    Returns:
        int ``(n,)``: the position of the row that comes first, second, ...
    """
    keys = [*z.T[::-1]] if y is None else [y, *z.T[::-1]]
    return np.lexsort(keys) if keys else np.arange(len(z))


def cluster_sizes(n_rows: int, n_clusters: int) -> IndexVector:
    """Sizes of the clusters, int ``(n_clusters,)``: the first ``n_rows % n_clusters`` hold one row more."""
    sizes = np.full(n_clusters, n_rows // n_clusters, dtype=np.intp)
    sizes[: n_rows % n_clusters] += 1
    return sizes


def balanced_kmeans(z: FloatMatrix, n_clusters: int, *, rng: np.random.Generator, sweeps: int = 10) -> IndexVector:
    """Cut rows into clusters of ``floor(n / K)`` or ``ceil(n / K)`` rows that lie close together.

    Rows are cut in two by margin (:func:`split_in_two`) until there are ``K`` parts; then k-means alternates between
    centres and exchanges between pairs of clusters (:func:`exchange_sweep`), which never raises the sum of squared
    distances and never changes a size. Balanced k-means of HCDV, equation 11, made exact in its sizes.

    Args:
        z: Embedding, finite float64 ``(n, d)``. Any unit: labels do not change when ``z`` is multiplied by a power of
            two, or by any other positive number but for rounding.
        n_clusters: Number of clusters ``K``, from 1 to ``n``.
        rng: Source of the start directions. Rows are taken in content order, so that the same rows in another order
            fall into the same clusters; rows alike to the last bit stay in the order given.
        sweeps: Most rounds of exchanges; fewer where one changes nothing.

    Returns:
        Cluster of each row, int ``(n,)``; sizes are those of :func:`cluster_sizes`. Memory beyond ``z`` is O(n d).

    Raises:
        InvalidDataError: ``n_clusters`` does not fit the rows, or ``z`` is not a finite matrix.
    """
    if z.ndim != 2 or not np.isfinite(z).all():  # noqa: PLR2004
        raise InvalidDataError("The embedding must be a matrix of finite numbers.")
    if not 1 <= n_clusters <= len(z):
        raise InvalidDataError(f"{len(z)} rows cannot be cut into {n_clusters} clusters.")
    order = content_order(z)
    rows = centred(z[order])
    members = _recursive_split(rows, np.arange(len(z)), cluster_sizes(len(z), n_clusters), rng)
    for _ in range(sweeps):
        centres = np.array([rows[cluster].mean(axis=0) for cluster in members])
        if not exchange_sweep(rows, members, centres):
            break
    labels = np.empty(len(z), dtype=np.intp)
    for label, cluster in enumerate(members):
        labels[order[cluster]] = label
    return labels


def centred(z: FloatMatrix) -> FloatMatrix:
    """Rows moved to mean 0 and scaled by a power of two to at most 1: exact, so that no unit can overflow a square.

    Scaled before, against overflow, and after: rows far from 0 are not near one another for that.
    """
    moved = _within_one(z)
    return _within_one(moved - moved.mean(axis=0))


def _within_one(z: FloatMatrix) -> FloatMatrix:
    return np.asarray(np.ldexp(z, -int(np.frexp(np.abs(z).max(initial=0.0))[1])))


def _recursive_split(
    z: FloatMatrix, rows: IndexVector, sizes: IndexVector, rng: np.random.Generator
) -> list[IndexVector]:
    """Parts of ``rows`` of the given sizes, by repeated cuts in two."""
    if len(sizes) == 1:
        return [rows]
    middle = len(sizes) // 2
    first, second = split_in_two(z[rows], int(sizes[:middle].sum()), rng)
    return [
        *_recursive_split(z, rows[first], sizes[:middle], rng),
        *_recursive_split(z, rows[second], sizes[middle:], rng),
    ]


def split_in_two(z: FloatMatrix, first_size: int, rng: np.random.Generator) -> tuple[IndexVector, IndexVector]:
    """Cut rows into two clusters of exact size, each nearer to its own centre than an exchange could make it.

    For fixed centres ``c1``, ``c2`` the best cut is exact: sort by ``|x - c1|^2 - |x - c2|^2`` and give the first
    ``first_size`` rows to ``c1`` (exchanging any two rows cannot lower the sum). The start is a cut along the
    direction of largest variance.

    Args:
        z: float64 ``(n, d)``, in content order: of rows with equal margins the earlier go to the first cluster.
        first_size: Rows of the first cluster, from 1 to ``n - 1``.
        rng: Start of the power iteration for the direction.

    Returns:
        Row positions of the two clusters, ascending.
    """
    direction = rng.standard_normal(z.shape[1])
    middle = z.mean(axis=0)
    for _ in range(_POWER_STEPS):
        direction = (z - middle).T @ ((z - middle) @ direction)
        length = np.sqrt(direction @ direction)
        if length > 0:
            direction = direction / length
    in_first = _lowest(z @ direction, first_size)
    for _ in range(_SPLIT_STEPS):
        away = z[~in_first].mean(axis=0) - z[in_first].mean(axis=0)
        better = _lowest(z @ away, first_size)
        if (better == in_first).all():
            break
        in_first = better
    return np.flatnonzero(in_first), np.flatnonzero(~in_first)


def _lowest(margins: FloatVector, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    chosen = np.zeros(len(margins), dtype=np.bool_)
    chosen[np.argsort(margins, kind="stable")[:count]] = True
    return chosen


def exchange_sweep(z: FloatMatrix, members: list[IndexVector], centres: FloatMatrix) -> bool:
    """Re-cut every pair of clusters by margin to its two fixed centres, in place; true where a row moved.

    Each re-cut is the best division of the pair's rows. Repeated until nothing moves it comes close to the best
    balanced assignment to these centres (longer cycles of exchanges are not searched); the oracle test measures it.

    Args:
        z: float64 ``(n, d)``.
        members: Row positions of each cluster; replaced where rows move, sizes never change.
        centres: float64 ``(n_clusters, d)``.
    """
    moved = False
    for a, b in combinations(range(len(members)), 2):
        away = centres[b] - centres[a]
        of_a, of_b = z[members[a]] @ away, z[members[b]] @ away
        if of_a.max() <= of_b.min():
            continue
        rows = np.concatenate([members[a], members[b]])
        # Rows of a come first: on equal margins nothing moves, so that sweeps end.
        to_a = _lowest(np.concatenate([of_a, of_b]), len(of_a))
        members[a], members[b] = np.sort(rows[to_a]), np.sort(rows[~to_a])
        moved = True
    return moved
