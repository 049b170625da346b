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

There are two kinds of kernels. Those of sellers' values see the game and the groups. Those of rows' values see the
game and what the rows hold, never the groups; and where their ``Place`` names an earlier block to build on, they are
given the arrays of its result, as its executor stored them: what is large (an embedding, a tree) is kept once and not
in every state. :class:`~valuation.core.plans.sequence.PlanSequence` makes one run of
two plans.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol, TypedDict, cast

import numpy as np
import numpy.typing as npt

from valuation.core.errors import PlanOrderError
from valuation.core.plans.block_kinds import BlockKind

Arrays = dict[str, npt.NDArray[Any]]

# What a block should take on the machine that costs were measured on. Blocks of runs in progress were cut by it.
BLOCK_SECONDS = 1.5

# Kind of a block and its kernel's parameters, before it has a place in the run.
Piece = tuple[BlockKind, Mapping[str, Any]]


class Place(TypedDict, total=False):
    """Where a block stands in its run; stored among its parameters, so that no name ever changes.

    Attributes:
        wave_end: Number after the last block of its wave.
        builds_on: Number of the block whose result its kernel is given.
        numbered_from: Number of the first block of its plan, where the run has several.
        repetition: Where its plan is repeated, which repetition it belongs to.
        own_number: Its number in that repetition.
        own_wave_end: ``wave_end`` in that repetition.
    """

    wave_end: int
    builds_on: int
    numbered_from: int
    repetition: int
    own_number: int
    own_wave_end: int


@dataclass(frozen=True)
class Block:
    """A piece of work of about a second or two, deterministic from (run seed, number); all fields are JSON.

    Attributes:
        number: Position in the run, from 0 without gaps; also the second word of the block's seed.
        wave: Wave it belongs to, from 0.
        kind: Which kernel runs it.
        params: The kernel's parameters, JSON, and with them the block's :class:`Place`.
    """

    number: int
    wave: int
    kind: BlockKind
    params: dict[str, Any]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Block":
        """Read back ``dataclasses.asdict``.

        Raises:
            ValueError: There is no such kind.
        """
        return cls(document["number"], document["wave"], BlockKind.stored(document["kind"]), dict(document["params"]))

    @property
    def place(self) -> Place:
        """Where it stands in its run."""
        return cast("Place", self.params)

    def moved(self, number: int, wave: int, place: Place) -> "Block":
        """The same block at another place."""
        return Block(number, wave, self.kind, {**self.params, **place})


def wave_of(state: "PlanState", pieces: Sequence[Piece]) -> list[Block]:
    """The blocks of a state's next wave, numbered on from those that are merged."""
    end: Place = {"wave_end": state.blocks_merged + len(pieces)}
    return [
        Block(number, state.wave, kind, {**params, **end})
        for number, (kind, params) in enumerate(pieces, start=state.blocks_merged)
    ]


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

    def require_next(self, block: Block) -> None:
        """Refuse a block that is not the next one.

        Raises:
            PlanOrderError: It is another.
        """
        if block.number != self.blocks_merged:
            raise PlanOrderError(f"Block {block.number} was merged where block {self.blocks_merged} is next.")

    def after(self, block: Block, arrays: Arrays, *, evaluations: int) -> "PlanState":
        """The state once ``block`` is merged: these sums, and the evaluations that it spent."""
        return PlanState(
            arrays,
            blocks_merged=block.number + 1,
            wave_end=block.place["wave_end"],
            wave=block.wave + 1,
            evaluations=self.evaluations + evaluations,
        )

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


class SavedBlocks(Protocol):
    """Where a run in this process keeps results of blocks, so that another may go on from them.

    ``run`` is the run's :func:`~valuation.core.plans.run_identity.run_identity`.
    """

    def find(self, block: Block, run: str) -> BlockResult | None:
        """The result of a block, if it is kept."""
        ...

    def keep(self, block: Block, run: str, result: BlockResult) -> None:
        """Keep the result of a block."""
        ...


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


def constant_cost(size: float) -> float:
    """Two milliseconds an evaluation, whatever its size: what a plan assumes of a game that it is told nothing of."""
    del size
    return 2e-3
