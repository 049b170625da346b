"""Two plans as one run, the second after the first: sellers' values, then those of rows."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from valuation.core.plan import Block, BlockResult, Plan, PlanState

FirstPlan = TypeVar("FirstPlan", bound=Plan)
SecondPlan = TypeVar("SecondPlan", bound=Plan)


@dataclass(frozen=True)
class PlansInTurn(Generic[FirstPlan, SecondPlan]):
    """Two plans as one run: all waves of the first, then all of the second.

    Neither knows of the other: blocks of the second are numbered on, but draw from seeds of their own number, so that
    neither plan's result depends on what the other does.
    """

    first: FirstPlan
    second: SecondPlan

    def start(self) -> PlanState:
        """See :class:`Plan`."""
        return _joined(self.first.start(), self.second.start())

    def first_state(self, state: PlanState) -> PlanState:
        """What the first plan knows."""
        return _parted(state)[0]

    def second_state(self, state: PlanState) -> PlanState:
        """What the second plan knows."""
        return _parted(state)[1]

    def next_wave(self, state: PlanState) -> list[Block]:
        """See :class:`Plan`."""
        first, second = _parted(state)
        if second.wave == 0 and (blocks := self.first.next_wave(first)):
            return blocks
        return [_renumbered(block, first.blocks_merged, first.wave) for block in self.second.next_wave(second)]

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """See :class:`Plan`."""
        first, second = _parted(state)
        if "numbered_from" not in block.params:
            return _joined(self.first.merge(first, block, result), second)
        own = _renumbered(block, -first.blocks_merged, -first.wave)
        return _joined(first, self.second.merge(second, own, result))


_SECOND = "second:"


def _joined(first: PlanState, second: PlanState) -> PlanState:
    """One state of two: arrays of the second under a prefix, counters added up and its own kept."""
    counters = np.array([second.blocks_merged, second.wave_end, second.wave, second.evaluations], dtype=np.int64)
    return PlanState(
        {**first.arrays, **{_SECOND + name: array for name, array in second.arrays.items()}, _SECOND: counters},
        first.blocks_merged + second.blocks_merged,
        first.wave_end + second.wave_end,
        first.wave + second.wave,
        first.evaluations + second.evaluations,
    )


def _parted(state: PlanState) -> tuple[PlanState, PlanState]:
    """The two states of a joined one."""
    arrays = dict(state.arrays)
    counters = [int(count) for count in arrays.pop(_SECOND)]
    own = {
        name.removeprefix(_SECOND): arrays.pop(name)
        for name in state.arrays
        if name.startswith(_SECOND) and name in arrays
    }
    total = (state.blocks_merged, state.wave_end, state.wave, state.evaluations)
    rest = [whole - part for whole, part in zip(total, counters, strict=True)]
    return PlanState(arrays, *rest), PlanState(own, *counters)


def _renumbered(block: Block, blocks: int, waves: int) -> Block:
    """A block of the second plan numbered on by what the first has, or back where negative."""
    params = block.params | {
        name: block.params[name] + blocks for name in ("wave_end", "builds_on") if name in block.params
    }
    params["numbered_from"] = params.get("numbered_from", 0) + blocks
    return replace(block, number=block.number + blocks, wave=block.wave + waves, params=params)
