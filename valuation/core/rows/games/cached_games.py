"""Local games that are named by what their parts contain, so that a tree that changes in one place keeps the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.rows.config import HcdvConfig, Method
from valuation.core.rows.dispersion import Dispersion, dispersion_of_parts
from valuation.core.rows.games.attribution import PartSums, attribute, is_played, node_method, parts_of
from valuation.core.rows.games.local_game import LocalGame, LocalValues, RowsUtility, enumerated, sampled
from valuation.core.rows.growing.row_keys import KEY_BYTES, ByteMatrix, key_of, ranks_of, seeded
from valuation.core.rows.tree.hierarchy import Hierarchy

Known = Mapping[bytes, LocalValues]


@dataclass(frozen=True, eq=False)
class NodeGame:
    """Which game a node plays: its parts in the order of their keys.

    Attributes:
        key: Of the parts' keys and how the game is solved: equal where the game is.
        places: Place of each part among those of the tree (see
            :class:`~valuation.core.rows.games.attribution.PartSums`).
        parts: Rows of each part, in the order of their keys.
        method: Enumerated or sampled.
        level: Of the node.
        evaluations: What playing it takes.
    """

    key: bytes
    places: IndexVector
    parts: list[IndexVector]
    method: Method
    level: int
    evaluations: int


@dataclass(frozen=True, eq=False)
class Content:
    """What rows hold, in the order of the game's players, and the settings of their local games.

    Attributes:
        keys: Of the rows, uint8 ``(n, 16)``.
        units: Embeddings of length 1, float64 ``(n, d)``.
        codes: Class codes or numbers, ``(n,)``.
        config: Settings, context "alone".
        seed: Of all draws.
    """

    keys: ByteMatrix
    units: FloatMatrix
    codes: npt.NDArray[Any]
    config: HcdvConfig
    seed: int

    @cached_property
    def ranks(self) -> IndexVector:
        """Place of each row in the order of the keys, int ``(n,)``."""
        return ranks_of(self.keys)

    def dispersion(self, rows: IndexVector, labels: IndexVector, n_parts: int) -> Dispersion:
        """Dispersion of unions of parts of rows."""
        return dispersion_of_parts(self.units[rows], self.codes[rows], labels, n_parts, self.config.task)


@dataclass(frozen=True, eq=False)
class Metric:
    """What local games are about.

    Attributes:
        utility: The metric of rows, clipped.
        empty: ``v(empty)``, clipped.
        weight: ``lambda``, in metric units.
        pot: ``v(N) - v(empty)`` and the same of the metric alone, float64 ``(2,)``.
    """

    utility: RowsUtility
    empty: float
    weight: float
    pot: FloatVector


def node_game(tree: Hierarchy, node: int, content: Content) -> NodeGame | None:
    """The game of a node that plays one, whatever its pot; nothing for the others."""
    config, level = content.config, int(tree.levels[node])
    method = node_method(tree, node, config)
    if method not in {"enumerated", "sampled"}:
        return None
    places = parts_of(tree, node)
    parts = [tree.rows(child) for child in tree.children(node)] or list(tree.rows(node)[:, None])
    parts = [part[np.argsort(content.ranks[part])] for part in parts]
    names = [_name(content.keys[part]) for part in parts]
    order = sorted(range(len(parts)), key=names.__getitem__)
    orders = config.permutations_at(level) if method == "sampled" else 1
    evaluations = config.node_evaluations(len(parts), level, is_leaf=not tree.child_counts[node])
    return NodeGame(
        key_of(b"".join(names[at] for at in order), f"{method} {orders}"),
        places.start + np.array(order, dtype=np.intp),
        [parts[at] for at in order],
        method,
        level,
        evaluations,
    )


def _name(keys: ByteMatrix) -> bytes:
    return keys.tobytes() if len(keys) == 1 else key_of(keys.tobytes(), "rows")


def play(game: NodeGame, content: Content, metric: Metric) -> LocalValues:
    """Play a node's game by draws that its key starts: the same bits whenever it is played."""
    rows, n_parts = np.concatenate(game.parts), len(game.parts)
    labels = np.repeat(np.arange(n_parts), [len(part) for part in game.parts])
    dispersion = content.dispersion(rows, labels, n_parts) if metric.weight > 0 else None
    local = LocalGame(metric.utility, rows, labels, dispersion, metric.weight, metric.empty, n_parts)
    if game.method == "enumerated":
        return enumerated(local)
    orders = content.config.permutations_at(game.level)
    return sampled(local, orders, seeded(content.seed, game.key), with_alone=True)


@dataclass(frozen=True, eq=False)
class Played:
    """All games of a tree.

    Attributes:
        sums: What they found, for the walk down the tree.
        games: Those that the tree needs, played now or known before, by key.
        spent: Evaluations of each level.
        saved: What the known ones took when they were played.
        nodes_played: Games played now.
        nodes_reused: Games taken from those known.
    """

    sums: PartSums
    games: dict[bytes, LocalValues]
    spent: dict[int, int]
    saved: int
    nodes_played: int
    nodes_reused: int


def played(tree: Hierarchy, content: Content, metric: Metric, neighbors: FloatVector, known: Known) -> Played:
    """Play what is not known, level by level: a pot of nothing is divided without playing.

    Args:
        tree: Tree of all rows.
        content: What they hold.
        metric: What the games are about.
        neighbors: KNN-Shapley values of all rows, float64 ``(n,)``; zeros where no leaf asks.
        known: Games played before, by key.
    """
    config, n_parts = content.config, tree.n_nodes + len(tree.order)
    sums = PartSums(np.zeros((n_parts, 2)), np.zeros(n_parts), np.zeros((n_parts, 2)), neighbors)
    games, spent, saved, nodes = dict[bytes, LocalValues](), dict[int, int](), 0, {"played": 0, "reused": 0}
    for level in range(int(tree.levels.max()) + 1):
        pots = attribute(tree, sums, metric.pot, config, levels=level).pots
        spent[level] = 0
        for node in np.flatnonzero(tree.levels == level).tolist():
            game = node_game(tree, node, content)
            if game is None or not is_played(game.method, pots[node], config):
                continue
            found = games.get(game.key) or known.get(game.key)
            nodes["reused" if found else "played"] += 1
            if found is None:
                found = play(game, content, metric)
                spent[level] += game.evaluations
            else:
                saved += game.evaluations
            games[game.key] = found
            sums.totals[game.places], sums.alone[game.places] = found.totals, found.alone
            sums.squares[game.places] = found.squares
    return Played(sums, games, spent, saved, nodes["played"], nodes["reused"])


def unknown_evaluations(tree: Hierarchy, content: Content, known: Known) -> int:
    """Most evaluations that :func:`played` can spend, without spending one."""
    games = [node_game(tree, node, content) for node in range(tree.n_nodes)]
    return sum({game.key: game.evaluations for game in games if game and game.key not in known}.values())


def games_to_arrays(games: Known) -> dict[str, npt.NDArray[Any]]:
    """Games as plain arrays, one after the other in the order of their keys."""
    keys = sorted(games)
    values = [games[key] for key in keys]
    return {
        "game_keys": np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), KEY_BYTES),
        "game_sizes": np.array([len(one.squares) for one in values], dtype=np.int64),
        "game_orders": np.array([one.orders for one in values], dtype=np.int64),
        "game_totals": np.concatenate([np.zeros((0, 2)), *(one.totals for one in values)]),
        "game_alone": np.concatenate([np.zeros((0, 2)), *(one.alone for one in values)]),
        "game_squares": np.concatenate([np.zeros(0), *(one.squares for one in values)]),
    }


def games_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[bytes, LocalValues]:
    """Read what ``games_to_arrays`` wrote."""
    cuts = np.cumsum(arrays["game_sizes"])[:-1]
    totals, squares, alone = (np.split(arrays[f"game_{name}"], cuts) for name in ("totals", "squares", "alone"))
    names = [key.tobytes() for key in arrays["game_keys"]]
    orders = arrays["game_orders"].tolist()
    return {key: LocalValues(totals[at], squares[at], orders[at], alone[at]) for at, key in enumerate(names)}
