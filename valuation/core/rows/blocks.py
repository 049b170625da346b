"""What one block of an HCDV run computes: the embedding and its tree, neighbours' values, or some nodes' local games.

These kernels never see who owns a row. The games build on the arrays that the tree's block returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from valuation.core.errors import FitFailedError, InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, Game, IndexVector, scores
from valuation.core.games.rows import PooledRows
from valuation.core.rows.config import ENDS_EVALUATIONS, HcdvConfig
from valuation.core.rows.dispersion import dispersion_of_parts, unit_rows
from valuation.core.rows.encoder.inputs import Scaling, flat_rows
from valuation.core.rows.encoder.train import train_encoder
from valuation.core.rows.games.attribution import node_method
from valuation.core.rows.games.knn_shapley import knn_shapley
from valuation.core.rows.games.local_game import LocalGame, LocalValues, RowsUtility, enumerated, sampled
from valuation.core.rows.tree.balanced_kmeans import content_order
from valuation.core.rows.tree.hierarchy import Hierarchy, build_hierarchy

Arrays = dict[str, npt.NDArray[Any]]

TREE_ARRAYS = ("order", "starts", "stops", "parents", "levels", "first_children", "child_counts")


class Tree(TypedDict):
    """Settings of the run's HCDV as JSON. The names of all parameters here are stored with blocks."""

    config: dict[str, Any]


class OfLevel(Tree):
    """The level of the tree that a block works on."""

    level: int


class Neighbors(OfLevel):
    """Validation rows ``first..last-1`` of those that are asked."""

    first: int
    last: int


class Games(OfLevel):
    """Nodes whose games are played; with ``first`` and ``last`` only coalitions ``first..last-1`` of a single node."""

    nodes: list[int]
    first: NotRequired[int]
    last: NotRequired[int]


def tree_of(arrays: Mapping[str, npt.NDArray[Any]]) -> Hierarchy:
    """The hierarchy among the arrays of the tree's block."""
    return Hierarchy(*(arrays[f"tree_{name}"] for name in TREE_ARRAYS))


def tree(
    game: Game, rows: PooledRows, params: Tree, foundation: Arrays, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """Embed the rows, cut them into a tree, and ask what none and all of them are worth.

    Returns:
        In content order of the rows: ``players`` (position of each in the game), ``z``, ``codes`` (classes or
        numbers) and ``twin_of`` (the first row alike in features and target). Then ``z_valid``, ``codes_valid`` and
        ``valid_weights`` of the validation rows that leaves ask for neighbours, none where no leaf does; the tree's
        arrays; ``ends`` ``(2,)``, the metric of none and of all rows as it is; ``dispersion`` of all rows;
        ``encoder_refused``, characters of the sentence why there is no encoder. And the evaluations spent.

    Raises:
        InvalidDataError: A target is not finite, or leaves need neighbours that cannot be had; nothing is spent by
            then.
    """
    del foundation
    config = HcdvConfig.from_json(params["config"])
    codes, codes_valid = _targets(rows, config)
    X = np.asarray(rows.X, dtype=np.float64)
    players = content_order(flat_rows(X), codes)
    X, codes = X[players], codes[players]
    z, z_valid, refused = _embedded(X, codes, np.asarray(rows.X_valid, dtype=np.float64), config, rng)
    hierarchy = build_hierarchy(
        z, children=config.children, leaf_size=config.leaf_size, rng=rng, hierarchy=config.hierarchy
    )
    arrays: Arrays = {
        "players": players,
        "z": z,
        "codes": codes,
        "twin_of": _first_alike(flat_rows(X), codes),
        "encoder_refused": np.frombuffer(refused.encode(), dtype=np.uint8),
        **{f"tree_{name}": getattr(hierarchy, name) for name in TREE_ARRAYS},
    }
    if "knn" in {node_method(hierarchy, node, config) for node in range(hierarchy.n_nodes)}:
        if codes_valid is None or not len(codes_valid):
            raise InvalidDataError(
                "Leaves too large to enumerate are valued by neighbours, which needs labels and validation "
                "embeddings: give them, choose smaller leaves, or divide large leaves uniformly."
            )
        every = max(1, -(-len(codes_valid) * len(X) // config.neighbor_pairs))
        asked = np.arange(rng.integers(every), len(codes_valid), every)
        z_valid, codes_valid = z_valid[asked], codes_valid[asked]
    else:
        z_valid, codes_valid = z_valid[:0], np.zeros(0, dtype=np.intp)
    arrays |= {
        "z_valid": z_valid,
        "codes_valid": codes_valid,
        "valid_weights": _weights(codes_valid, balanced=config.balanced_classes),
    }
    together = dispersion_of_parts(unit_rows(z), codes, np.zeros(len(z), dtype=np.intp), 1, config.task)
    arrays["dispersion"] = together(np.ones((1, 1), dtype=np.bool_))[0]
    nobody_and_all = np.repeat([[False], [True]], game.n_players, axis=1)
    arrays["ends"] = scores(game, nobody_and_all)[0]
    return arrays, ENDS_EVALUATIONS


def neighbors(
    game: Game, rows: PooledRows, params: Neighbors, foundation: Arrays, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """KNN-Shapley values of all rows for validation rows ``first..last-1``, weighted: sums over blocks are the values.

    All rows play, not a leaf's alone: in a leaf of one class most validation rows are of another, and would reward
    whoever is out of place there.

    Returns:
        ``neighbor_values`` ``(n,)`` in content order, and no evaluations.
    """
    del game, rows, rng
    some, config = slice(params["first"], params["last"]), HcdvConfig.from_json(params["config"])
    z_valid, codes_valid, weights = (foundation[name][some] for name in ("z_valid", "codes_valid", "valid_weights"))
    values = np.zeros(len(foundation["z"]))
    for code in np.unique(codes_valid):
        alike = codes_valid == code
        mean = knn_shapley(foundation["z"], foundation["codes"], z_valid[alike], codes_valid[alike], config.n_neighbors)
        values += weights[alike].sum() * mean
    return {"neighbor_values": values}, 0


def games(
    game: Game, rows: PooledRows, params: Games, foundation: Arrays, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """Play the local games of ``nodes``, or coalitions ``first..last-1`` of one of them.

    Returns:
        ``totals``, ``squares`` and ``alone`` of the nodes' parts, one node after the other
        (:class:`~valuation.core.rows.games.attribution.PartSums`), and the evaluations spent.
    """
    del rows
    config = HcdvConfig.from_json(params["config"])
    players = foundation["players"]
    empty, low_high = bounded_ends(foundation["ends"], config)[0], bounds(foundation["ends"], config)
    table = _Table(
        tree_of(foundation),
        unit_rows(foundation["z"]),
        foundation["codes"],
        RowsUtility(game, players, low_high),
        config,
        empty,
        config.dispersion_weight * config.unit(float(foundation["ends"][0])),
    )
    codes = range(params["first"], params["last"]) if "first" in params else None
    found = [table.play(node, codes, rng) for node in params["nodes"]]
    arrays: Arrays = {name: np.concatenate([getattr(one, name) for one in found]) for name in SUMS}
    return arrays, table.utility.evaluations


SUMS = ("totals", "squares", "alone")


def bounds(ends: FloatVector, config: HcdvConfig) -> tuple[float, float] | None:
    """What the metric is clipped to, in metric units."""
    if config.metric_range is None:
        return None
    low, high = (end * config.unit(float(ends[0])) for end in config.metric_range)
    return low, high


def bounded_ends(ends: FloatVector, config: HcdvConfig) -> tuple[float, float]:
    """The metric of none and of all rows, clipped as every other."""
    low_high = bounds(ends, config)
    empty, full = ends if low_high is None else np.clip(ends, *low_high)
    return float(empty), float(full)


def _targets(rows: PooledRows, config: HcdvConfig) -> tuple[npt.NDArray[Any], IndexVector | None]:
    """Numbers as they are, or class codes common to training and validation rows."""
    y, y_valid = np.asarray(rows.y), np.asarray(rows.y_valid)
    if config.task == "regression":
        numbers = y.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise InvalidDataError("Targets must be finite numbers.")
        return numbers, None
    codes = np.unique(np.concatenate([y, y_valid]) if len(y_valid) else y, return_inverse=True)[1]
    return codes[: len(y)], codes[len(y) :]


def _embedded(
    X: npt.NDArray[np.float64],
    codes: npt.NDArray[Any],
    X_valid: npt.NDArray[np.float64],
    config: HcdvConfig,
    rng: np.random.Generator,
) -> tuple[FloatMatrix, FloatMatrix, str]:
    """Embeddings of the rows and the validation rows, and why there is no encoder (nothing where there is)."""
    refused = ""
    if config.embedding == "encoder":
        try:
            encoder = train_encoder(X, codes, task=config.task, config=config.encoder, rng=rng)
        except (InvalidDataError, FitFailedError) as error:
            refused = str(error)
        else:
            return encoder.embed(X), encoder.embed(X_valid), refused
    if config.embedding == "given" or not X.size:
        return flat_rows(X), flat_rows(X_valid), refused
    scaling = Scaling.fit(X)
    return flat_rows(scaling(X)), flat_rows(scaling(X_valid)), refused


def _weights(codes: IndexVector, *, balanced: bool) -> FloatVector:
    """Weights of validation rows, which sum to 1: of each row the same, or of each class."""
    if not balanced:
        return np.full(len(codes), 1.0 / max(1, len(codes)))
    classes, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (max(1, len(classes)) * counts[place]))


def _first_alike(X: FloatMatrix, codes: npt.NDArray[Any]) -> IndexVector:
    """For rows in content order, the first that is equal in all, int ``(n,)``."""
    if not len(X):
        return np.zeros(0, dtype=np.intp)
    new = np.concatenate([[True], (X[1:] != X[:-1]).any(axis=1) | (codes[1:] != codes[:-1])])
    return np.asarray(np.maximum.accumulate(np.where(new, np.arange(len(X)), 0)))


@dataclass(frozen=True, eq=False)
class _Table:
    """What local games are played with: the tree, its rows, and the utility of rows."""

    tree: Hierarchy
    units: FloatMatrix
    codes: npt.NDArray[Any]
    utility: RowsUtility
    config: HcdvConfig
    empty: float
    dispersion_weight: float

    def play(self, node: int, codes: range | None, rng: np.random.Generator) -> LocalValues:
        """The local values of a node's parts."""
        method, alone = node_method(self.tree, node, self.config), self.config.context == "alone"
        if method == "enumerated":
            return enumerated(self._game(node, ()), codes)
        if method == "sampled":
            orders = self.config.permutations_at(int(self.tree.levels[node]))
            outside = () if alone else self._levels_outside(node)
            return sampled(self._game(node, outside), orders, rng, with_alone=alone)
        raise ValueError(f"Node {node} has no local game: it is solved by {method}.")

    def _levels_outside(self, node: int) -> tuple[list[IndexVector], ...]:
        """For each level from this node's up, the rows of its node's siblings, one array each."""
        levels = []
        while node:
            parent = int(self.tree.parents[node])
            levels.append([self.tree.rows(other) for other in self.tree.children(parent) if other != node])
            node = parent
        return tuple(levels)

    def _game(self, node: int, outside: tuple[list[IndexVector], ...]) -> LocalGame:
        """The local game of a node's parts, with others outside."""
        children = self.tree.children(node)
        parts = [self.tree.rows(child) for child in children] or list(self.tree.rows(node)[:, None])
        everything = [*parts, *(part for level in outside for part in level)]
        members = np.concatenate([np.zeros(0, dtype=np.intp), *everything])
        labels = np.repeat(np.arange(len(everything)), [len(part) for part in everything])
        ends = np.cumsum([len(parts), *(len(level) for level in outside)]).tolist()
        dispersion = None
        if self.dispersion_weight > 0:
            of = self.units[members], self.codes[members]
            dispersion = dispersion_of_parts(*of, labels, len(everything), self.config.task)
        return LocalGame(
            self.utility,
            members,
            labels,
            dispersion,
            self.dispersion_weight,
            self.empty,
            len(parts),
            tuple(pairwise(ends)),
        )
