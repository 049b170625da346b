"""From the root's pot to the rows: every node divides its pot among its parts by the values of their local game."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector
from valuation.core.results import LevelSummary
from valuation.core.rows.config import HcdvConfig, Method
from valuation.core.rows.games.local_game import LocalValues, given_values
from valuation.core.rows.games.pot import pot_shares
from valuation.core.rows.tree.hierarchy import Hierarchy


@dataclass(frozen=True, eq=False)
class PartSums:
    """What the local games of a tree found, part by part.

    Node ``c`` as a child is part ``c``; the row at place ``p`` of the tree's order is part ``n_nodes + p``.

    Attributes:
        totals: Sums of marginal contributions under ``v`` and under the metric alone, float64 ``(n_parts, 2)``.
        squares: Sums of their squares under ``v``, float64 ``(n_parts,)``.
        alone: What each part adds to nothing, float64 ``(n_parts, 2)``.
        neighbors: KNN-Shapley values of the rows in content order, float64 ``(n_rows,)``, for leaves that ask.
    """

    totals: FloatMatrix
    squares: FloatVector
    alone: FloatMatrix
    neighbors: FloatVector

    def of(self, tree: Hierarchy, node: int, method: Method, orders: int) -> LocalValues:
        """The local values of one node's parts; those of leaves too large to enumerate need no local game."""
        parts = parts_of(tree, node)
        if method == "knn":
            return given_values(self.neighbors[tree.rows(node)])
        if method == "uniform":
            return given_values(np.ones(parts.stop - parts.start))
        return LocalValues(self.totals[parts], self.squares[parts], orders, self.alone[parts])


@dataclass(frozen=True, eq=False)
class Attribution:
    """What the walk down the tree gave.

    Attributes:
        values: Of rows, in the order of the game's, under ``v`` and under the metric alone, float64 ``(n_rows, 2)``.
        pots: Of nodes, float64 ``(n_nodes, 2)``.
        faded: Whether a node's shares needed weights in place of (some of) its local values, bool ``(n_nodes, 2)``.
        errors: Mean squared standard error of a node's local values under ``v``, float64 ``(n_nodes,)``.
    """

    values: FloatMatrix
    pots: FloatMatrix
    faded: BoolMatrix
    errors: FloatVector


def parts_of(tree: Hierarchy, node: int) -> slice:
    """A node's parts: its children, or the rows of a leaf (see :class:`PartSums`)."""
    children = tree.children(node)
    if children:
        return slice(children.start, children.stop)
    return slice(tree.n_nodes + int(tree.starts[node]), tree.n_nodes + int(tree.stops[node]))


def node_method(tree: Hierarchy, node: int, config: HcdvConfig) -> Method:
    """How a node's local game is solved."""
    parts = parts_of(tree, node)
    return config.method(parts.stop - parts.start, int(tree.levels[node]), is_leaf=not tree.child_counts[node])


def is_played(method: Method, pot: FloatVector, config: HcdvConfig) -> bool:
    """Whether a node's local game matters: of nothing every part gets nothing, however the game stands."""
    return method != "nothing" and (config.context == "rest" or bool(pot.any()))


def attribute(
    tree: Hierarchy, sums: PartSums, pot: FloatVector, config: HcdvConfig, *, levels: int | None = None
) -> Attribution:
    """Divide the root's pot down the tree; parts sum to their node's pot to float precision.

    In context "alone" a pot is divided by :func:`pot_shares`. In context "rest" local values sum to the parent's in
    expectation (Owen's nested value); what sampling leaves over is divided by rows, so that values stay unbiased.

    Args:
        tree: The hierarchy of the rows.
        sums: Local values of all parts.
        pot: The root's pot under ``v`` and under the metric alone, float64 ``(2,)``.
        config: Settings.
        levels: Divide only the pots of the first so many levels.

    Returns:
        Values and pots; 0 where levels were left out.
    """
    shares = np.zeros((tree.n_nodes + len(tree.order), 2))
    shares[0] = pot
    faded, errors = np.zeros((tree.n_nodes, 2), dtype=np.bool_), np.zeros(tree.n_nodes)
    for node in range(tree.n_nodes):
        level = int(tree.levels[node])
        if levels is not None and level >= levels:
            break
        parts, method = parts_of(tree, node), node_method(tree, node, config)
        sizes = _sizes(tree, parts)
        if not is_played(method, shares[node], config):
            shares[parts] = shares[node] / max(1, len(sizes))
            continue
        local = sums.of(tree, node, method, config.permutations_at(level) if method == "sampled" else 1)
        errors[node] = local.variances.mean()
        shares[parts], faded[node] = _divided(local, shares[node], sizes, method, config)
    values = np.zeros((len(tree.order), 2))
    values[tree.order] = shares[tree.n_nodes :]
    return Attribution(values, shares[: tree.n_nodes], faded, errors)


def _sizes(tree: Hierarchy, parts: slice) -> FloatVector:
    if parts.start >= tree.n_nodes:
        return np.ones(parts.stop - parts.start)
    return np.asarray((tree.stops[parts] - tree.starts[parts]).astype(np.float64))


def _divided(
    local: LocalValues, pot: FloatVector, sizes: FloatVector, method: Method, config: HcdvConfig
) -> tuple[FloatMatrix, tuple[bool, bool]]:
    if config.context == "rest" and method in {"enumerated", "sampled"}:
        left = pot - local.psi.sum(axis=0)
        return local.psi + np.outer(sizes / sizes.sum(), left), (False, False)
    columns = [
        pot_shares(
            local.psi[:, column],
            pot[column],
            sizes=sizes,
            alone=partial(lambda of: local.alone[:, of], column),
            limit=config.shares_limit,
        )
        for column in range(2)
    ]
    return pot * np.column_stack([columns[0][0], columns[1][0]]), (columns[0][1], columns[1][1])


def summaries(
    tree: Hierarchy, found: Attribution, config: HcdvConfig, evaluations: Mapping[int, int]
) -> tuple[LevelSummary, ...]:
    """What happened at each level, root first; ``evaluations`` by level."""
    methods = np.array(
        [
            method if is_played(method := node_method(tree, node, config), found.pots[node], config) else "nothing"
            for node in range(tree.n_nodes)
        ]
    )
    levels = []
    for level in range(int(tree.levels.max()) + 1):
        here = tree.levels == level
        errors = found.errors[here & (methods == "sampled")]
        levels.append(
            LevelSummary(
                level=level,
                nodes=int(here.sum()),
                leaves=int((tree.child_counts[here] == 0).sum()),
                enumerated=int((methods[here] == "enumerated").sum()),
                sampled=int((methods[here] == "sampled").sum()),
                by_neighbors=int((methods[here] == "knn").sum()),
                uniform=int((methods[here] == "uniform").sum()),
                faded=int(found.faded[here, 0].sum()),
                faded_metric=int(found.faded[here, 1].sum()),
                evaluations=evaluations.get(level, 0),
                psi_error=float(np.sqrt(errors.mean())) if len(errors) else 0.0,
            )
        )
    return tuple(levels)
