"""From the root's pot to the rows: every node divides its pot among its children by their local game."""

from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Literal

import numpy as np

from valuation.core.errors import InvalidDataError
from valuation.core.estimators.knn_shapley import knn_shapley
from valuation.core.games import FloatMatrix, FloatVector, IndexVector
from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.dispersion import dispersion_of_parts
from valuation.core.hcdv.hierarchy import Hierarchy
from valuation.core.hcdv.local_game import LocalGame, LocalValues, RowsUtility, enumerated, sampled
from valuation.core.hcdv.pot import pot_shares
from valuation.core.results import LevelSummary

Method = Literal["nothing", "enumerated", "sampled", "knn", "uniform"]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a run, in content order.

    Attributes:
        z: Embedding, float64 ``(n, d)``.
        units: The same scaled to length 1.
        y: Class codes or numbers, ``(n,)``.
        valid: Embedding of validation rows, float64 ``(m, d)``, and their class codes, ``(m,)``, for leaves that ask
            for neighbours.
    """

    z: FloatMatrix
    units: FloatMatrix
    y: FloatVector | IndexVector
    valid: tuple[FloatMatrix, IndexVector] | None


@dataclass(frozen=True, eq=False)
class Attribution:
    """What a walk down the tree found.

    Attributes:
        values: Of rows under ``v`` and under the metric alone, float64 ``(n_rows, 2)``.
        pots: Of nodes, float64 ``(n_nodes, 2)``.
        levels: Summary of each level.
    """

    values: FloatMatrix
    pots: FloatMatrix
    levels: tuple[LevelSummary, ...]


def node_method(tree: Hierarchy, node: int, config: HcdvConfig) -> Method:
    """How a node's local game is solved: by enumeration while ``2^K <= T K``, else as the kind of node allows."""
    is_leaf = not tree.child_counts[node]
    n_parts = int(tree.stops[node] - tree.starts[node] if is_leaf else tree.child_counts[node])
    permutations = config.permutations_at(int(tree.levels[node]))
    if n_parts < 2:  # noqa: PLR2004
        return "nothing"
    if 2**n_parts <= permutations * n_parts:
        return "sampled" if config.context == "rest" and node else "enumerated"
    return config.large_leaf if is_leaf else "sampled"


def attribute(
    tree: Hierarchy, rows: Rows, utility: RowsUtility, config: HcdvConfig, rng: np.random.Generator
) -> Attribution:
    """Divide ``v(N) - v(empty)`` down the tree; children sum to their parent's pot to float precision.

    In context "alone" a pot is divided by :func:`pot_shares`. In context "rest" local values sum to the parent's in
    expectation (Owen's nested value); what sampling leaves over is divided by rows, so that values stay unbiased.

    Args:
        tree: The hierarchy of the rows.
        rows: Embedding and targets.
        utility: The metric of rows.
        config: Settings.
        rng: Source of the orders of local games.

    Returns:
        Values of rows and pots of nodes, twice: with ``lambda``, and with ``lambda = 0`` from the same evaluations.
    """
    nobody, everyone = np.zeros((1, 1), dtype=np.bool_), np.ones((1, 1), dtype=np.bool_)
    empty = float(utility(tree.order, np.zeros_like(tree.order), nobody)[0])
    pots, values = np.zeros((tree.n_nodes, 2)), np.zeros((len(tree.order), 2))
    pots[0] = _Node(tree, 0, rows, utility, config, empty).game_of([tree.order], ())(everyone)[0] - empty
    records = [_Record(0, None, (False, False), 2, 0.0)]
    for number in range(tree.n_nodes):
        node = _Node(tree, number, rows, utility, config, empty)
        divided, record = node.divide(pots[number], rng)
        records.append(record)
        children = tree.children(number)
        if children:
            pots[children.start : children.stop] = divided
        else:
            values[tree.rows(number)] = divided
    return Attribution(values, pots, _summaries(records))


@dataclass(frozen=True, eq=False)
class _Node:
    """A node, with what its local game needs."""

    tree: Hierarchy
    number: int
    rows: Rows
    utility: RowsUtility
    config: HcdvConfig
    empty: float

    @cached_property
    def parts(self) -> list[IndexVector]:
        """Rows of each child; single rows in a leaf."""
        children = self.tree.children(self.number)
        return [self.tree.rows(child) for child in children] or list(self.tree.rows(self.number)[:, None])

    def divide(self, pot: FloatVector, rng: np.random.Generator) -> tuple[FloatMatrix, "_Record"]:
        """What each part gets of the two pots, float64 ``(n_parts, 2)``, and how that was found."""
        level, spent = int(self.tree.levels[self.number]), self.utility.evaluations
        method = node_method(self.tree, self.number, self.config)
        faded, variance = (False, False), 0.0
        if method == "nothing" or (self.config.context == "alone" and not pot.any()):
            method = "nothing"
            divided = np.tile(pot / max(1, len(self.parts)), (len(self.parts), 1))
        else:
            local = self._local_values(method, rng)
            variance = float(local.variances.mean())
            if self.config.context == "rest" and method in {"enumerated", "sampled"}:
                left = pot - local.psi.sum(axis=0)
                divided = local.psi + np.outer(self._sizes / self._sizes.sum(), left)
            else:
                divided, faded = self._share(local.psi, pot)
        return divided, _Record(level, method, faded, self.utility.evaluations - spent, variance)

    @cached_property
    def _sizes(self) -> FloatVector:
        return np.array([len(part) for part in self.parts], dtype=np.float64)

    @cached_property
    def _alone(self) -> FloatMatrix:
        return self.game_of(self.parts, ()).alone()

    def _share(self, psi: FloatMatrix, pot: FloatVector) -> tuple[FloatMatrix, tuple[bool, bool]]:
        columns = [
            pot_shares(
                psi[:, column],
                pot[column],
                sizes=self._sizes,
                alone=partial(lambda of: self._alone[:, of], column),
                limit=self.config.shares_limit,
            )
            for column in range(2)
        ]
        shares = np.column_stack([columns[0][0], columns[1][0]])
        return pot * shares, (columns[0][1], columns[1][1])

    def _local_values(self, method: Method, rng: np.random.Generator) -> LocalValues:
        if method == "enumerated":
            return enumerated(self.game_of(self.parts, ()))
        if method == "sampled":
            outside = self._levels_outside() if self.config.context == "rest" else ()
            permutations = self.config.permutations_at(int(self.tree.levels[self.number]))
            return sampled(self.game_of(self.parts, outside), permutations, rng)
        nothing_known = np.zeros(len(self.parts))
        if method == "uniform":
            return LocalValues(np.ones((len(self.parts), 2)), nothing_known)
        own, valid = self.tree.rows(self.number), self.rows.valid
        if valid is None:
            raise InvalidDataError("Leaves valued by neighbours need validation embeddings.")
        psi = knn_shapley(self.rows.z[own], self.rows.y[own].astype(np.intp), *valid, self.config.n_neighbors)
        return LocalValues(np.column_stack([psi, psi]), nothing_known)

    def _levels_outside(self) -> tuple[list[IndexVector], ...]:
        """For each level from this node's up, the rows of its node's siblings, one array each."""
        levels, node = [], self.number
        while node:
            parent = int(self.tree.parents[node])
            levels.append([self.tree.rows(other) for other in self.tree.children(parent) if other != node])
            node = parent
        return tuple(levels)

    def game_of(self, parts: list[IndexVector], outside: tuple[list[IndexVector], ...]) -> LocalGame:
        """The local game of some parts, with others outside."""
        everything = [*parts, *(part for level in outside for part in level)]
        members = np.concatenate([np.zeros(0, dtype=np.intp), *everything])
        labels = np.repeat(np.arange(len(everything)), [len(part) for part in everything])
        ends = np.cumsum([len(parts), *(len(level) for level in outside)]).tolist()
        weight, rows = self.config.dispersion_weight, self.rows
        dispersion = None
        if weight > 0:
            of = rows.units[members], rows.y[members]
            dispersion = dispersion_of_parts(*of, labels, len(everything), self.config.task)
        return LocalGame(
            self.utility, members, labels, dispersion, weight, self.empty, len(parts), tuple(pairwise(ends))
        )


@dataclass(frozen=True)
class _Record:
    level: int
    method: Method | None
    faded: tuple[bool, bool]
    evaluations: int
    variance: float


def _summaries(records: list[_Record]) -> tuple[LevelSummary, ...]:
    """Records by level; a record without a method is no node but the evaluations of the root's pot."""
    summaries = []
    for level in range(max(record.level for record in records) + 1):
        here = [record for record in records if record.level == level]
        methods = [record.method for record in here]
        variances = [record.variance for record in here if record.method == "sampled"]
        summaries.append(
            LevelSummary(
                level=level,
                nodes=len(here) - methods.count(None),
                enumerated=methods.count("enumerated"),
                sampled=methods.count("sampled"),
                by_neighbors=methods.count("knn"),
                uniform=methods.count("uniform"),
                faded=sum(record.faded[0] for record in here),
                faded_metric=sum(record.faded[1] for record in here),
                evaluations=sum(record.evaluations for record in here),
                psi_error=float(np.sqrt(np.mean(variances))) if variances else 0.0,
            )
        )
    return tuple(summaries)
