"""The plan of rows' values: HCDV as an embedding with its tree, then local games level by level."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np

from valuation.core.errors import PlanOrderError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.plans.block_kinds import BlockKind
from valuation.core.plans.plan import BLOCK_SECONDS, Block, BlockResult, Piece, PlanState, constant_cost, wave_of
from valuation.core.results import HcdvValues
from valuation.core.rows.blocks import SUMS, TREE_ARRAYS, Games, Neighbors, OfLevel, Tree, bounded_ends, tree_of
from valuation.core.rows.config import ENDS_EVALUATIONS, HcdvConfig
from valuation.core.rows.games.attribution import (
    Attribution,
    PartSums,
    attribute,
    is_played,
    node_method,
    parts_of,
    summaries,
)
from valuation.core.rows.tree.hierarchy import Hierarchy

METHOD_VERSION = "hcdv/3"
# A third of what a block should take: coalitions of like rows are fitted more slowly than those that costs were
# measured on.
_AIMED_SECONDS = BLOCK_SECONDS / 3
# Seconds to rank a row among the neighbours of a validation row.
_PAIR_SECONDS = 3e-8


@dataclass(frozen=True)
class HcdvPlan:
    """One block that embeds the rows and builds the tree, then a wave of local games a level, the root's first.

    Level by level, because a pot of 0 is divided without playing, and pots are known once the level above is. Owners
    are no input: neither blocks nor their draws depend on them.

    Attributes:
        n_rows: Rows of the game.
        config: Settings; ``config.evaluations(n_rows)`` is the most that is spent.
        cost: Seconds of one evaluation by coalition size; steers the length of blocks, never the values.
    """

    n_rows: int
    config: HcdvConfig
    cost: Callable[[float], float] = constant_cost

    def start(self) -> PlanState:
        """The state before any block."""
        return PlanState({})

    # -- planning

    def next_wave(self, state: PlanState) -> list[Block]:
        """Blocks of the next wave; empty when every local game that matters is played.

        Raises:
            PlanOrderError: The last wave is not wholly merged.
        """
        if state.blocks_merged != state.wave_end:
            raise PlanOrderError(f"The wave ends at block {state.wave_end}; {state.blocks_merged} are merged.")
        config = self.config.to_json()
        pieces: list[Piece] = []
        if state.wave == 0:
            pieces = [(BlockKind.TREE, Tree(config=config))]
        else:
            tree = tree_of(state.arrays)
            for level in range(int(state.arrays["levels_played"]), int(tree.levels.max()) + 1):
                common: OfLevel = {"config": config, "level": level}
                if level == 0:
                    pieces = [(BlockKind.NEIGHBORS, part) for part in self._neighbors(state, common)]
                pieces += [(BlockKind.GAMES, game) for game in self._games(tree, state, common)]
                if pieces:
                    break
        blocks = wave_of(state, pieces)
        if state.wave == 0:
            return blocks
        # The tree of a plan is its first block.
        return [block.moved(block.number, block.wave, {"builds_on": 0}) for block in blocks]

    def _neighbors(self, state: PlanState, common: OfLevel) -> list[Neighbors]:
        """Validation rows that leaves ask for neighbours, cut into pieces of about ``_AIMED_SECONDS``."""
        count = int(state.arrays["valid_count"])
        n_pieces = int(np.ceil(count * self.n_rows * _PAIR_SECONDS / _AIMED_SECONDS))
        ends = np.linspace(0, count, n_pieces + 1).round().astype(int).tolist()
        return [Neighbors(**common, first=first, last=last) for first, last in pairwise(ends) if first < last]

    def _games(self, tree: Hierarchy, state: PlanState, common: OfLevel) -> list[Games]:
        """The nodes of a level that play, cut into pieces of about ``_AIMED_SECONDS``."""
        level = common["level"]
        pots = self.attribution(state, levels=level).pots
        pieces: list[Games] = []
        filled = np.inf
        for node in np.flatnonzero(tree.levels == level).tolist():
            method = node_method(tree, node, self.config)
            if method not in {"enumerated", "sampled"} or not is_played(method, pots[node], self.config):
                continue
            parts = parts_of(tree, node)
            n_parts, size = parts.stop - parts.start, float(tree.stops[node] - tree.starts[node])
            evaluations = self.config.node_evaluations(n_parts, level, is_leaf=not tree.child_counts[node])
            seconds = evaluations * self.cost(size / 2)
            if method == "enumerated" and seconds > 2 * _AIMED_SECONDS:
                ends = np.linspace(0, 2**n_parts, int(seconds / _AIMED_SECONDS) + 1).round().astype(int).tolist()
                pieces += [Games(**common, nodes=[node], first=first, last=last) for first, last in pairwise(ends)]
                filled = np.inf
            elif filled + seconds > _AIMED_SECONDS:
                pieces.append({"config": common["config"], "level": level, "nodes": [node]})
                filled = seconds
            else:
                pieces[-1]["nodes"].append(node)
                filled += seconds
        return pieces

    # -- merging

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """The state after ``block``.

        Raises:
            PlanOrderError: ``block`` is not the next one.
        """
        state.require_next(block)
        arrays = self._first(result) if block.kind is BlockKind.TREE else self._with_games(state, block, result)
        return state.after(block, arrays, evaluations=result.evaluations)

    def _first(self, result: BlockResult) -> dict[str, Any]:
        """What later waves need of the tree's block: not the embedding, which games read from its result."""
        kept = (
            "players",
            "twin_of",
            "ends",
            "dispersion",
            "encoder_refused",
            *(f"tree_{name}" for name in TREE_ARRAYS),
        )
        tree = tree_of(result.arrays)
        n_parts = tree.n_nodes + len(tree.order)
        return {name: result.arrays[name] for name in kept} | {
            "totals": np.zeros((n_parts, 2)),
            "squares": np.zeros(n_parts),
            "alone": np.zeros((n_parts, 2)),
            "neighbor_values": np.zeros(len(tree.order)),
            "valid_count": np.array(len(result.arrays["codes_valid"])),
            "levels_played": np.array(0),
            "level_evaluations": np.zeros(int(tree.levels.max()) + 1, dtype=np.int64),
        }

    def _with_games(self, state: PlanState, block: Block, result: BlockResult) -> dict[str, Any]:
        params = cast("OfLevel", block.params)
        arrays, tree, level = dict(state.arrays), tree_of(state.arrays), params["level"]
        arrays["levels_played"] = np.array(level + 1)
        if block.kind is BlockKind.NEIGHBORS:
            arrays["neighbor_values"] = arrays["neighbor_values"] + result.arrays["neighbor_values"]
            return arrays
        nodes = cast("Games", block.params)["nodes"]
        places = [np.arange(parts.start, parts.stop) for node in nodes for parts in [parts_of(tree, node)]]
        at = np.concatenate(places)
        for name in SUMS:
            arrays[name] = arrays[name].copy()
            arrays[name][at] += result.arrays[name]
        arrays["level_evaluations"] = arrays["level_evaluations"].copy()
        arrays["level_evaluations"][level] += result.evaluations
        return arrays

    # -- estimating

    def pot(self, state: PlanState) -> FloatVector:
        """``v(N) - v(empty)`` and the same of the metric alone, float64 ``(2,)``; needs the tree's block merged."""
        ends = state.arrays["ends"]
        empty, full = bounded_ends(ends, self.config)
        weight = self.config.dispersion_weight * self.config.unit(float(ends[0]))
        return np.array([full + weight * float(state.arrays["dispersion"]) - empty, full - empty])

    def attribution(self, state: PlanState, levels: int | None = None) -> Attribution:
        """Pots of nodes and values of rows in content order; of the first ``levels`` levels while others play."""
        sums = PartSums(*(state.arrays[name] for name in (*SUMS, "neighbor_values")))
        return attribute(tree_of(state.arrays), sums, self.pot(state), self.config, levels=levels)

    def estimate(self, state: PlanState, seed: int | None = None) -> HcdvValues:
        """The values of rows; needs every wave merged.

        Rows alike in features and target share alike, whichever of them stood where in the tree: a value must not
        depend on who brought which of two equal rows.
        """
        found, tree = self.attribution(state), tree_of(state.arrays)
        values = np.empty_like(found.values)
        values[state.arrays["players"]] = _shared(found.values, state.arrays["twin_of"])
        spent = dict(enumerate(state.arrays["level_evaluations"].tolist()))
        spent[0] += ENDS_EVALUATIONS
        return HcdvValues(
            values=values[:, 0],
            standard_errors=None,
            evaluations=state.evaluations,
            seed=seed,
            method_version=METHOD_VERSION,
            metric_values=values[:, 1],
            levels=summaries(tree, found, self.config, spent),
            encoder_refused=bytes(state.arrays["encoder_refused"]).decode(),
        )

    def progress(self, state: PlanState) -> dict[str, Any]:
        """Figures for a screen, JSON: levels played and in all (None before the tree), evaluations still to come."""
        n_levels = None if state.wave == 0 else int(state.arrays["tree_levels"].max()) + 1
        return {
            "levels": n_levels,
            "levels_played": 0 if n_levels is None else int(state.arrays["levels_played"]),
            "evaluations": state.evaluations,
            "evaluations_left": max(0, self.config.evaluations(self.n_rows) - state.evaluations),
        }


def _shared(values: FloatMatrix, twin_of: IndexVector) -> FloatMatrix:
    """Values with those of equal rows replaced by their mean, float64 ``(n_rows, 2)``."""
    counts = np.bincount(twin_of, minlength=len(values))
    means = np.zeros_like(values)
    np.add.at(means, twin_of, values)
    means /= np.maximum(counts, 1)[:, None]
    return np.asarray(means[twin_of])
