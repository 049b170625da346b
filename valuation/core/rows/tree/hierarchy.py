"""HCDV's tree: balanced clusters of clusters, down to leaves of a few rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.core.errors import InvalidSpecError
from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.rows.tree.balanced_kmeans import cluster_sizes
from valuation.core.rows.tree.partitions import PARTITIONS, HierarchyName, cut


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A tree of nested clusters as index arrays; node 0 is the root, parents come before children, level by level.

    Attributes:
        order: All rows, int ``(n_rows,)``, arranged so that every node's rows stand together.
        starts: First place of each node in ``order``, int ``(n_nodes,)``.
        stops: The place after its last, int ``(n_nodes,)``.
        parents: Parent of each node, int ``(n_nodes,)``; -1 for the root.
        levels: Distance from the root, int ``(n_nodes,)``.
        first_children: First child of each node, int ``(n_nodes,)``; children have consecutive numbers.
        child_counts: Number of children, int ``(n_nodes,)``; 0 for a leaf.
    """

    order: IndexVector
    starts: IndexVector
    stops: IndexVector
    parents: IndexVector
    levels: IndexVector
    first_children: IndexVector
    child_counts: IndexVector

    @property
    def n_nodes(self) -> int:
        """Number of nodes, root and leaves included."""
        return len(self.parents)

    def rows(self, node: int) -> IndexVector:
        """Rows of a node, int ``(node_size,)``."""
        return self.order[self.starts[node] : self.stops[node]]

    def children(self, node: int) -> range:
        """Nodes that divide a node's rows among themselves; empty for a leaf."""
        first = int(self.first_children[node])
        return range(first, first + int(self.child_counts[node]))


def build_hierarchy(
    z: FloatMatrix,
    *,
    children: Sequence[int],
    leaf_size: int,
    rng: np.random.Generator,
    hierarchy: HierarchyName = "balanced_kmeans",
) -> Hierarchy:
    """Cut rows into balanced clusters, these again, until no cluster holds more than ``leaf_size`` rows.

    HCDV, equation 11. Owners are no input: the tree is the same however sellers split their accounts.

    Args:
        z: Embedding, finite float64 ``(n_rows, d)``.
        children: Clusters of a split at level 0, 1, ...; the last holds for all deeper levels. Each at least 2; a
            node of fewer rows is cut into single rows.
        leaf_size: Most rows of a leaf, at least 1.
        rng: Source of randomness of the splits.
        hierarchy: How a node's rows are cut: ``balanced_kmeans``, ``spectral``, ``agglomerative`` or ``random``.

    Returns:
        The tree. A node of ``m`` rows has children of ``floor(m / K)`` or ``ceil(m / K)`` rows, and none where
        ``m <= leaf_size``.

    Raises:
        InvalidSpecError: ``children`` or ``leaf_size`` is out of range, or ``hierarchy`` is unknown.
        InvalidDataError: ``z`` is not a finite matrix.
    """
    if not children or min(children) < 2:  # noqa: PLR2004
        raise InvalidSpecError("children", tuple(children), "one or more numbers of at least 2")
    if leaf_size < 1:
        raise InvalidSpecError("leaf_size", leaf_size, "at least 1")
    if hierarchy not in PARTITIONS:
        raise InvalidSpecError("hierarchy", hierarchy, " or ".join(PARTITIONS))
    order = np.arange(len(z))
    starts, stops, parents, levels = [0], [len(z)], [-1], [0]
    first_children, child_counts = list[int](), list[int]()
    node = 0
    while node < len(starts):
        start, stop, level = starts[node], stops[node], levels[node]
        first_children.append(len(starts))
        count = min(children[min(level, len(children) - 1)], stop - start) if stop - start > leaf_size else 0
        child_counts.append(count)
        if count:
            rows = order[start:stop]
            order[start:stop] = rows[np.argsort(cut(hierarchy, z[rows], count, rng=rng), kind="stable")]
            ends = start + cluster_sizes(stop - start, count).cumsum()
            starts += [start, *ends[:-1].tolist()]
            stops += ends.tolist()
            parents += [node] * count
            levels += [level + 1] * count
        node += 1
    columns = (starts, stops, parents, levels, first_children, child_counts)
    return Hierarchy(order, *(np.array(column, dtype=np.intp) for column in columns))
