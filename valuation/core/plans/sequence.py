"""Two plans as one run, the second after the first: sellers' values, then those of rows."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from valuation.core.plans.combined_states import combine, separate
from valuation.core.plans.plan import Block, BlockResult, Place, Plan, PlanState

FirstPlan = TypeVar("FirstPlan", bound=Plan)
SecondPlan = TypeVar("SecondPlan", bound=Plan)


@dataclass(frozen=True)
class PlanSequence(Generic[FirstPlan, SecondPlan]):
    """Two plans as one run: all waves of the first, then all of the second.

    Neither knows of the other: blocks of the second are numbered on, but draw from seeds of their own number, so that
    neither plan's result depends on what the other does.
    """

    first: FirstPlan
    second: SecondPlan

    def start(self) -> PlanState:
        """See :class:`Plan`."""
        return _in_turn(self.first.start(), self.second.start())

    def first_state(self, state: PlanState) -> PlanState:
        """What the first plan knows."""
        return separate(state)[0]

    def second_state(self, state: PlanState) -> PlanState:
        """What the second plan knows."""
        return separate(state)[1]

    def next_wave(self, state: PlanState) -> list[Block]:
        """See :class:`Plan`."""
        first, second = separate(state)
        if second.wave == 0 and (blocks := self.first.next_wave(first)):
            return blocks
        return [_renumbered(block, first.blocks_merged, first.wave) for block in self.second.next_wave(second)]

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """See :class:`Plan`."""
        first, second = separate(state)
        if "numbered_from" not in block.place:
            return _in_turn(self.first.merge(first, block, result), second)
        own = _renumbered(block, -first.blocks_merged, -first.wave)
        return _in_turn(first, self.second.merge(second, own, result))


def _in_turn(first: PlanState, second: PlanState) -> PlanState:
    """One state of two, its counters added up."""
    return combine(
        [first, second],
        blocks_merged=first.blocks_merged + second.blocks_merged,
        wave_end=first.wave_end + second.wave_end,
        wave=first.wave + second.wave,
    )


def _renumbered(block: Block, blocks: int, waves: int) -> Block:
    """A block of the second plan numbered on by what the first has, or back where negative."""
    place: Place = {
        "wave_end": block.place["wave_end"] + blocks,
        "numbered_from": block.place.get("numbered_from", 0) + blocks,
    }
    if "builds_on" in block.place:
        place["builds_on"] = block.place["builds_on"] + blocks
    return block.moved(block.number + blocks, block.wave + waves, place)
