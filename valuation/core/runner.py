"""Blocks and whole plans, run: which kernel does which kind of block, and from which seed it draws."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from valuation.core.fgsv import blocks as fgsv_blocks
from valuation.core.games.game import Game, IndexVector
from valuation.core.games.rows import PooledRows
from valuation.core.plans.block_kinds import BlockKind
from valuation.core.plans.plan import Arrays, Block, BlockResult, Plan, PlanState, SavedBlocks
from valuation.core.plans.run_identity import run_identity
from valuation.core.rows import blocks as row_blocks
from valuation.core.sampling import seller_blocks
from valuation.core.sampling.group_order import canonical

# Parameters are those of the kernel, a typed dictionary of its own.
BlockKernel = Callable[[Game, Sequence[IndexVector], Any, np.random.Generator], tuple[Arrays, int]]
RowKernel = Callable[[Game, PooledRows, Any, Arrays, np.random.Generator], tuple[Arrays, int]]

KERNELS: Mapping[BlockKind, BlockKernel] = {
    BlockKind.ENDS: seller_blocks.ends,
    BlockKind.COALITIONS: seller_blocks.coalitions,
    BlockKind.WITHOUT_ONE: seller_blocks.without_one,
    BlockKind.CIRCLES: seller_blocks.circles,
    BlockKind.ENUMERATION: fgsv_blocks.enumeration,
    BlockKind.COVARIANCE: fgsv_blocks.covariance,
    BlockKind.COUPLED: fgsv_blocks.coupled,
    BlockKind.WEIGHING: fgsv_blocks.weighing,
}
ROW_KERNELS: Mapping[BlockKind, RowKernel] = {
    BlockKind.TREE: row_blocks.tree,
    BlockKind.NEIGHBORS: row_blocks.neighbors,
    BlockKind.GAMES: row_blocks.games,
}
for _kind in BlockKind:
    if _kind not in (ROW_KERNELS if _kind.is_of_rows else KERNELS):
        raise ImportError(f"Nothing runs blocks of kind {_kind}.")
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
        foundation: Arrays of the result of the block that it builds on, where it builds on one.

    Returns:
        Sums for ``merge``, of sellers in their canonical order
        (:func:`~valuation.core.sampling.group_order.canonical`); the block of both ends also says at which
        place of it each given seller stands. Memory is bounded by slices inside the kernels.
    """
    place = block.place
    if block.kind.is_of_rows:
        if rows is None or (foundation is None and "builds_on" in place):
            raise TypeError(f"A block of kind {block.kind} needs the rows and what it builds on.")
        number = place.get("own_number", block.number - place.get("numbered_from", 0))
        words = [run_seed, number, _ROW_STREAM + place.get("repetition", 0)]
        rng = np.random.default_rng(np.random.SeedSequence(words))
        return BlockResult(*ROW_KERNELS[block.kind](game, rows, block.params, foundation or {}, rng))
    rng = np.random.default_rng(np.random.SeedSequence([run_seed, block.number]))
    seen = canonical(game, groups)
    arrays, evaluations = KERNELS[block.kind](seen.game, seen.groups, block.params, rng)
    if block.kind is BlockKind.ENDS:
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
            foundation = foundations[block.place["builds_on"]] if "builds_on" in block.place else None
            result = None if saved is None else saved.find(block, run)
            if result is None:
                result = run_block(game, groups, block, seed, rows=rows, foundation=foundation)
                if saved is not None:
                    saved.keep(block, run, result)
            if block.kind.is_built_on:
                foundations[block.number] = result.arrays
            state = plan.merge(state, block, result)
            if progress is not None:
                progress(state)
        if enough is not None and enough(state):
            break
    return state
