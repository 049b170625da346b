"""How a tree grows by new rows: into the nearest leaf, into a leaf of their own, and back into balance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.dispersion import unit_rows
from valuation.core.rows.growing.row_keys import ByteMatrix, key_of, ranks_of, seeded
from valuation.core.rows.tree.hierarchy import Hierarchy, build_hierarchy


@dataclass(frozen=True, eq=False)
class Branch:
    """A node with all that hangs from it."""

    rows: IndexVector
    children: tuple["Branch", ...] = ()

    @classmethod
    def over(cls, children: Sequence["Branch"]) -> "Branch":
        """The parent of these."""
        return cls(np.concatenate([child.rows for child in children]), tuple(children))


def branch_of(tree: Hierarchy, node: int = 0, rows: IndexVector | None = None) -> Branch:
    """A node of a tree as a branch; row ``i`` of the tree is ``rows[i]`` there, where given."""
    here = tree.rows(node) if rows is None else rows[tree.rows(node)]
    return Branch(here, tuple(branch_of(tree, child, rows) for child in tree.children(node)))


def tree_of_branch(root: Branch) -> Hierarchy:
    """A branch as a tree; its leaves' rows must be all rows."""
    branches, starts, parents, levels = [root], [0], [-1], [0]
    first_children, child_counts, order = list[int](), list[int](), np.empty(len(root.rows), dtype=np.intp)
    node = 0
    while node < len(branches):
        branch, start = branches[node], starts[node]
        order[start : start + len(branch.rows)] = branch.rows
        first_children.append(len(branches))
        child_counts.append(len(branch.children))
        for child in branch.children:
            branches.append(child)
            starts.append(start)
            parents.append(node)
            levels.append(levels[node] + 1)
            start += len(child.rows)
        node += 1
    stops = [start + len(branch.rows) for start, branch in zip(starts, branches, strict=True)]
    columns = (starts, stops, parents, levels, first_children, child_counts)
    return Hierarchy(order, *(np.array(column, dtype=np.intp) for column in columns))


@dataclass(frozen=True, eq=False)
class Builder:
    """Builds trees whose draws depend on nothing but what the rows contain.

    Attributes:
        z: Embeddings of all rows, float64 ``(n, d)``.
        keys: Their keys, uint8 ``(n, 16)``.
        config: Settings of the tree.
        seed: Of all draws.
    """

    z: FloatMatrix
    keys: ByteMatrix
    config: HcdvConfig
    seed: int

    def built(self, rows: IndexVector, level: int = 0) -> Branch:
        """Cut rows into the balanced branch of a level."""
        rows = rows[np.argsort(ranks_of(self.keys[rows]))]
        widths = [self.config.children_at(at) for at in range(level, max(level + 1, len(self.config.children)))]
        tree = build_hierarchy(
            self.z[rows],
            children=widths,
            leaf_size=self.config.leaf_size,
            rng=seeded(self.seed, key_of(self.keys[rows].tobytes(), f"tree {level}")),
            hierarchy=self.config.hierarchy,
        )
        return branch_of(tree, rows=rows)

    def rebalanced(self, branch: Branch, imbalance_max: float, level: int = 0) -> Branch:
        """The branch with every part that is out of balance cut anew, from the highest such node down.

        Out of balance is a leaf of more than ``leaf_size`` rows, a node of no more, one of more children than it was
        built with, and one whose largest child holds more than ``imbalance_max`` times its even share, rounded up.
        All else stays as it is, and so do its local games.
        """
        count, size = len(branch.children), len(branch.rows)
        if size <= self.config.leaf_size:
            return Branch(branch.rows)
        largest = max((len(child.rows) for child in branch.children), default=size)
        if not 0 < count <= self.config.children_at(level) or largest > imbalance_max * -(-size // count):
            return self.built(branch.rows, level)
        return Branch.over([self.rebalanced(child, imbalance_max, level + 1) for child in branch.children])


def nearest_leaves(tree: Hierarchy, z: FloatMatrix, z_new: FloatMatrix) -> tuple[IndexVector, FloatMatrix]:
    """The leaf whose centroid each new row is nearest to, and how far: cosine distance, in [0, 2].

    Args:
        tree: Tree of the rows of ``z``.
        z: float64 ``(n, d)``. A centroid is the mean of its rows' unit vectors.
        z_new: float64 ``(b, d)``.

    Returns:
        Node numbers, int ``(b,)``, and distances, float64 ``(b,)``. O(b leaves d) time.
    """
    units = unit_rows(z)
    leaves = np.flatnonzero(tree.child_counts == 0)
    means = unit_rows(np.array([units[tree.rows(leaf)].mean(axis=0) for leaf in leaves.tolist()]))
    distances = 1.0 - unit_rows(z_new) @ means.T
    nearest = distances.argmin(axis=1)
    return leaves[nearest], np.asarray(np.take_along_axis(distances, nearest[:, None], axis=1)[:, 0])


def grown(tree: Hierarchy, z: FloatMatrix, keys: ByteMatrix, spawn_distance: float) -> tuple[Branch, int]:
    """A tree with the rows of ``z`` that it lacks, each in the leaf nearest to it before any of them came.

    A row farther than ``spawn_distance`` from every leaf founds a new one beside the nearest, which later rows of the
    same update that are near to its founder join. Rows are taken in the order of their keys, so that a batch gives the
    same tree in whatever order it arrives.

    Returns:
        The tree as a branch, and the number of leaves founded.
    """
    n_old, units = len(tree.order), unit_rows(z)
    leaves, distances = nearest_leaves(tree, z[:n_old], z[n_old:])
    joining, founded = dict[int, list[int]](), dict[int, list[list[int]]]()
    founders = list[list[int]]()
    for at in np.argsort(ranks_of(keys[n_old:])).tolist():
        row, leaf = n_old + at, int(leaves[at])
        if distances[at] <= spawn_distance:
            joining.setdefault(leaf, []).append(row)
            continue
        away = [1.0 - float(units[row] @ units[rows[0]]) for rows in founders]
        if away and min(away) <= spawn_distance:
            founders[int(np.argmin(away))].append(row)
        else:
            founders.append([row])
            founded.setdefault(leaf, []).append(founders[-1])

    def with_new(node: int) -> list[Branch]:
        if tree.child_counts[node]:
            return [Branch.over([branch for child in tree.children(node) for branch in with_new(child)])]
        old = Branch(np.concatenate([tree.rows(node), np.array(joining.get(node, []), dtype=np.intp)]))
        return [old, *(Branch(np.array(rows, dtype=np.intp)) for rows in founded.get(node, []))]

    branches = with_new(0)
    return (branches[0] if len(branches) == 1 else Branch.over(branches)), len(founders)
