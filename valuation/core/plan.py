"""Work as independent, seeded blocks: plan a wave, run its blocks anywhere, merge in number order, stop in time.

How an executor uses it (in process: :func:`run_plan`; over a queue the same calls, with results stored in between)::

    plan = FgsvPlan(group_sizes, budget=60_000, target=0.02, rowwise=is_rowwise(game), with_seller_game=True)
    state = plan.start()
    while blocks := plan.next_wave(state):            # a pure function of the state: may be asked again after a crash
        results = [run_block(game, groups, block, run_seed) for block in blocks]     # in any order, on any machine
        for block, result in zip(blocks, results):
            state = plan.merge(state, block, result)  # in block number order, once each; anything else raises
    plan.estimates(state)                             # {"fgsv": GroupValues, "gsv": ..., "leave_one_out": ...}

``Block`` is JSON (``dataclasses.asdict``), ``BlockResult`` and ``PlanState`` turn into bytes and back without
pickles. A state may be saved after any merge; between two merges of one wave the blocks still missing are those of
the saved wave with ``number >= state.blocks_merged``. Rows are the players of ``game`` in one canonical pooled order;
``groups`` are index arrays into them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from valuation.core.estimators import seller_blocks
from valuation.core.fgsv import blocks as fgsv_blocks
from valuation.core.games import Game, IndexVector
from valuation.core.results import GroupValues

Arrays = dict[str, npt.NDArray[Any]]
BlockKernel = Callable[[Game, Sequence[IndexVector], Mapping[str, Any], np.random.Generator], tuple[Arrays, int]]

KERNELS: Mapping[str, BlockKernel] = {
    "ends": seller_blocks.ends,
    "coalitions": seller_blocks.coalitions,
    "without_one": seller_blocks.without_one,
    "permutations": seller_blocks.permutations,
    "enumeration": fgsv_blocks.enumeration,
    "covariance": fgsv_blocks.covariance,
    "coupled": fgsv_blocks.coupled,
    "weighing": fgsv_blocks.weighing,
}


@dataclass(frozen=True)
class Block:
    """A piece of work of about a second or two, deterministic from (run seed, number); all fields are JSON.

    Attributes:
        number: Position in the run, from 0 without gaps; also the second word of the block's seed.
        wave: Wave it belongs to, from 0.
        kind: Which kernel runs it, one of ``KERNELS``.
        params: The kernel's parameters, integers by name; ``"wave_end"`` is the number after the wave's last block.
    """

    number: int
    wave: int
    kind: str
    params: dict[str, int]


@dataclass(frozen=True, eq=False)
class PooledRows:
    """What the rows of a run hold, for kernels that look at rows themselves.

    Attributes:
        X: Features of the pooled rows, float64 ``(n, f)``, in their canonical order.
        y: Class codes or numbers, ``(n,)``.
        X_valid: Features of the buyer's validation rows, float64 ``(m, f)``.
        y_valid: Their targets, ``(m,)``.
    """

    X: npt.NDArray[np.float64]
    y: npt.NDArray[Any]
    X_valid: npt.NDArray[np.float64]
    y_valid: npt.NDArray[Any]


def arrays_to_bytes(arrays: Arrays) -> bytes:
    """NPZ bytes of plain numeric arrays; the same arrays always give the same bytes."""
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def arrays_from_bytes(data: bytes) -> Arrays:
    """Arrays from NPZ bytes; pickled content is refused by numpy (``ValueError``)."""
    with np.load(BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@dataclass(frozen=True, eq=False)
class BlockResult:
    """What one block found: numeric arrays to be summed by ``merge``, and the utility evaluations it spent."""

    arrays: Arrays
    evaluations: int

    def to_bytes(self) -> bytes:
        """NPZ bytes without pickles."""
        return arrays_to_bytes({**self.arrays, "evaluations": np.array(self.evaluations)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "BlockResult":
        """Read back :meth:`to_bytes`."""
        arrays = arrays_from_bytes(data)
        return cls(evaluations=int(arrays.pop("evaluations")), arrays=arrays)


@dataclass(frozen=True, eq=False)
class PlanState:
    """Everything merged so far. Immutable: ``merge`` returns a new state that shares the arrays it did not touch.

    Attributes:
        arrays: Sums over merged blocks, named by the plan.
        blocks_merged: Blocks merged so far, which is the number of the next one.
        wave_end: Number after the last block of the wave being merged; equal to ``blocks_merged`` between waves.
        wave: Number of the next wave to plan.
        evaluations: Utility evaluations spent.
    """

    arrays: Arrays
    blocks_merged: int = 0
    wave_end: int = 0
    wave: int = 0
    evaluations: int = 0

    def to_bytes(self) -> bytes:
        """NPZ bytes without pickles."""
        counters = np.array([self.blocks_merged, self.wave_end, self.wave, self.evaluations], dtype=np.int64)
        return arrays_to_bytes({**self.arrays, "counters": counters})

    @classmethod
    def from_bytes(cls, data: bytes) -> "PlanState":
        """Read back :meth:`to_bytes`."""
        arrays = arrays_from_bytes(data)
        blocks_merged, wave_end, wave, evaluations = (int(count) for count in arrays.pop("counters"))
        return cls(arrays, blocks_merged, wave_end, wave, evaluations)


class Plan(Protocol):
    """A run as waves of blocks; wave w+1 depends only on merged waves up to w."""

    def start(self) -> PlanState:
        """The state before any block."""
        ...

    def next_wave(self, state: PlanState) -> list[Block]:
        """Blocks of the next wave, numbered on from ``state.blocks_merged``; empty when the run is done."""
        ...

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """The state after ``block``; blocks are merged in number order."""
        ...

    def estimates(self, state: PlanState) -> dict[str, GroupValues]:
        """What is known now, by rule."""
        ...


def run_block(game: Game, groups: Sequence[IndexVector], block: Block, run_seed: int) -> BlockResult:
    """Run one block; the same arguments give the same bits on any worker of the same machine type.

    Args:
        game: Game over the pooled rows in canonical order.
        groups: Row indices of each seller, covering all rows once.
        block: What to do.
        run_seed: Seed of the run, a non-negative integer; the block draws from ``SeedSequence([run_seed, number])``.

    Returns:
        Sums for ``merge``. Memory is bounded by slices inside the kernels.
    """
    rng = np.random.default_rng(np.random.SeedSequence([run_seed, block.number]))
    arrays, evaluations = KERNELS[block.kind](game, groups, block.params, rng)
    return BlockResult(arrays, evaluations)


def run_plan(
    plan: Plan,
    game: Game,
    groups: Sequence[IndexVector],
    seed: int,
    *,
    enough: Callable[[PlanState], bool] | None = None,
    progress: Callable[[PlanState], None] | None = None,
) -> PlanState:
    """Run a plan in this process.

    Args:
        plan: The plan.
        game: Game over the pooled rows.
        groups: Row indices of each seller, covering all rows once.
        seed: Run seed; the same seed gives the result that any number of workers would give.
        enough: Asked after each wave besides the plan's own rule; true ends the run.
        progress: Told the state after each merged block.

    Returns:
        The final state, for ``plan.estimates``.
    """
    state = plan.start()
    while blocks := plan.next_wave(state):
        for block in blocks:
            state = plan.merge(state, block, run_block(game, groups, block, seed))
            if progress is not None:
                progress(state)
        if enough is not None and enough(state):
            break
    return state
