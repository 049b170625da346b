"""Copies among vectors: text embeddings by angle, and the rule by which rows that are near each other are named."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from marketplace.copies.chance import sharing
from marketplace.copies.compare import Copies

Array = np.ndarray[Any, Any]

# Distances between unit vectors. Beyond LEVEL (20 degrees) nothing is a copy: texts of one event are as near as that.
LEVEL = 0.35
# A copy is at most half as far as the fifth neighbour of either row. The second, as Lowe's ratio test has it (2004),
# would clear every copy of a row that its seller has twice.
MARGIN = 0.5
NEIGHBOURS = 5
# Rows compared at once: 1,000 x 20,000 float32 products are 80 MB.
ROWS_AT_ONCE = 1_000


def compare_embeddings(first: Array, second: Array) -> Copies | None:
    """Find embeddings of the second file that point where one of the first points.

    Finds vectors that were scaled, stored with fewer digits or moved by up to three tenths of their length; not
    vectors that were rotated, cut or permuted.

    Args:
        first: Embeddings of one file, finite numbers of any type ``(n, d)``.
        second: Embeddings of another, ``(m, d)``.

    Returns:
        The rows that are named and how unlikely they are by chance; None where chance explains them.
    """
    if not len(first) or not len(second):
        return None
    return copies_among(*nearest_by_angle(np.concatenate([first, second])), len(first), level=LEVEL)


def copies_among(neighbours: Array, distances: Array, rows_first: int, *, level: float) -> Copies | None:
    """Test and name rows of a second file that are near a row of the first, and nearer than rows are to each other.

    Rows that are near enough to each other are one kind, with all that hang together. Which rows do depends on what is
    in them and not on whose they are, so that chance is judged as it is among equal rows. If it makes a finding, every
    row of the second file is named that is near enough to its nearest row of the first.

    Args:
        neighbours: The nearest other rows of each row, nearest first, the first file's rows first; int64 ``(n, k)``.
        distances: How far they are, float64 ``(n, k)``.
        rows_first: Rows of the first file.
        level: The distance beyond which nothing is a copy.
    """
    rows, rows_second = np.arange(len(neighbours)), len(neighbours) - rows_first
    reach = np.minimum(MARGIN * distances[:, -1], level)
    is_near = distances <= np.minimum(reach[:, None], reach[neighbours])
    links = csr_array(
        (is_near[is_near].astype(np.int8), (np.nonzero(is_near)[0], neighbours[is_near])), shape=(len(rows), len(rows))
    )
    n_kinds, kinds = connected_components(links, directed=False)
    counts = [np.bincount(kinds[:rows_first], minlength=n_kinds), np.bincount(kinds[rows_first:], minlength=n_kinds)]
    verdict = sharing(*counts, rows_first=rows_first, rows_second=rows_second)
    if not verdict.is_finding:
        return None
    is_original = is_near & (neighbours < rows_first)
    named = rows[(rows >= rows_first) & is_original.any(axis=1)]
    originals = neighbours[named, is_original[named].argmax(axis=1)]
    return Copies("near", np.column_stack([originals, named - rows_first]), verdict)


def nearest_by_angle(vectors: Array) -> tuple[Array, Array]:
    """The nearest others of each vector, int64 ``(n, k)``, and the distances of the unit vectors, float64 ``(n, k)``.

    k is NEIGHBOURS, or one less than there are vectors.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    units = (wide / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    k = min(NEIGHBOURS, len(units) - 1)
    neighbours, cosines = np.empty((len(units), k), dtype=np.int64), np.empty((len(units), k))
    for start in range(0, len(units), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(units)))
        products = units[rows] @ units.T
        products[rows - start, rows] = -np.inf
        neighbours[rows] = largest(products, k)
        cosines[rows] = np.take_along_axis(products, neighbours[rows], axis=1)
    return neighbours, distances_of(cosines)


def largest(products: Array, k: int) -> Array:
    """The places of the k largest numbers of each row, largest first and the lower place where they are equal."""
    places = np.sort(np.argpartition(-products, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(products, places, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(places, order, axis=1))


def distances_of(cosines: Array) -> Array:
    """The distance of two unit vectors from their product."""
    return np.sqrt(np.maximum(2 - 2 * np.asarray(cosines, dtype=np.float64), 0))
