"""Blocks and whole plans, run: which kernel does which kind of block, and from which seed it draws."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from valuation.core.fgsv import blocks as fgsv_blocks
from valuation.core.games.game import Game, IndexVector
from valuation.core.games.rows import PooledRows
from valuation.core.plans.plan import Arrays, Block, BlockResult, Plan, PlanState, SavedBlocks
from valuation.core.plans.run_identity import run_identity
from valuation.core.rows import blocks as row_blocks
from valuation.core.sampling import seller_blocks
from valuation.core.sampling.group_order import canonical

BlockKernel = Callable[[Game, Sequence[IndexVector], Mapping[str, Any], np.random.Generator], tuple[Arrays, int]]
RowKernel = Callable[[Game, PooledRows, Mapping[str, Any], Arrays, np.random.Generator], tuple[Arrays, int]]

KERNELS: Mapping[str, BlockKernel] = {
    "ends": seller_blocks.ends,
    "coalitions": seller_blocks.coalitions,
    "without_one": seller_blocks.without_one,
    "circles": seller_blocks.circles,
    "enumeration": fgsv_blocks.enumeration,
    "covariance": fgsv_blocks.covariance,
    "coupled": fgsv_blocks.coupled,
    "weighing": fgsv_blocks.weighing,
}
ROW_KERNELS: Mapping[str, RowKernel] = {
    "hcdv_tree": row_blocks.tree,
    "hcdv_neighbors": row_blocks.neighbors,
    "hcdv_games": row_blocks.games,
}
# Kinds of blocks that others build on.
FOUNDATIONS = frozenset({"hcdv_tree"})
# Third word of the seeds of row kernels, so that they share no draw with the others.
_ROW_STREAM = 1


def run_block(
    game: Game,
    groups: Sequence[IndexVector],
    block: Block,
    run_seed: int,
    *,
    rows: PooledRows | None = None,
    foundation: Arrays | None = None,
) -> BlockResult:
    """Run one block; the same arguments give the same bits on any worker of the same machine type.

    Args:
        game: Game over the pooled rows in canonical order.
        groups: Row indices of each seller, covering all rows once.
        block: What to do.
        run_seed: Seed of the run, a non-negative integer; the block draws from ``SeedSequence([run_seed, number])``,
            one of a row kernel from ``SeedSequence([run_seed, number in its plan, 1 + repetition])``.
        rows: What the rows hold; needed by row kernels.
        foundation: Arrays of the result of block ``params["builds_on"]``, where it names one.

    Returns:
        Sums for ``merge``, of sellers in their canonical order
        (:func:`~valuation.core.sampling.group_order.canonical`); the block of both ends also says at which
        place of it each given seller stands. Memory is bounded by slices inside the kernels.
    """
    if block.kind in ROW_KERNELS:
        if rows is None or (foundation is None and "builds_on" in block.params):
            raise TypeError(f"A block of kind {block.kind} needs the rows and what it builds on.")
        number = block.params.get("own_number", block.number - block.params.get("numbered_from", 0))
        words = [run_seed, number, _ROW_STREAM + block.params.get("repetition", 0)]
        rng = np.random.default_rng(np.random.SeedSequence(words))
        return BlockResult(*ROW_KERNELS[block.kind](game, rows, block.params, foundation or {}, rng))
    rng = np.random.default_rng(np.random.SeedSequence([run_seed, block.number]))
    seen = canonical(game, groups)
    arrays, evaluations = KERNELS[block.kind](seen.game, seen.groups, block.params, rng)
    if block.kind == "ends":
        arrays["places"] = seen.places
    return BlockResult(arrays, evaluations)


def run_plan(
    plan: Plan,
    game: Game,
    groups: Sequence[IndexVector],
    seed: int,
    *,
    rows: PooledRows | None = None,
    enough: Callable[[PlanState], bool] | None = None,
    progress: Callable[[PlanState], None] | None = None,
    saved: SavedBlocks | None = None,
) -> PlanState:
    """Run a plan in this process.

    To cancel, raise from ``progress``; the error passes through, and ``saved`` keeps what was done by then.

    Args:
        plan: The plan.
        game: Game over the pooled rows.
        groups: Row indices of each seller, covering all rows once.
        seed: Run seed; the same seed gives the result that any number of workers would give.
        rows: What the rows hold; needed by plans of rows' values.
        enough: Asked after each wave besides the plan's own rule; true ends the run.
        progress: Told the state after each merged block.
        saved: Where results of blocks are kept: one found there is merged and not run again.

    Returns:
        The final state, for the plan's estimates.

    Raises:
        SavedBlocksError: What is saved belongs to another run, or is damaged.
    """
    state = plan.start()
    foundations: dict[int, Arrays] = {}
    run = "" if saved is None else run_identity(seed, game, groups, rows)
    while blocks := plan.next_wave(state):
        for block in blocks:
            foundation = foundations[block.params["builds_on"]] if "builds_on" in block.params else None
            result = None if saved is None else saved.find(block, run)
            if result is None:
                result = run_block(game, groups, block, seed, rows=rows, foundation=foundation)
                if saved is not None:
                    saved.keep(block, run, result)
            if block.kind in FOUNDATIONS:
                foundations[block.number] = result.arrays
            state = plan.merge(state, block, result)
            if progress is not None:
                progress(state)
        if enough is not None and enough(state):
            break
    return state
