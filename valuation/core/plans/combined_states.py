"""States of several plans as the one state of their run: arrays under the place of their plan, counters beside them."""

from collections.abc import Sequence

import numpy as np

from valuation.core.plans.plan import Arrays, PlanState

# Arrays of a plan are named "place:name"; this name is no place's.
_COUNTERS = "counters_of_plans"


def combine(states: Sequence[PlanState], *, blocks_merged: int, wave_end: int, wave: int) -> PlanState:
    """One state of all.

    Args:
        states: The plans' states, in an order that stays; they may themselves be joined.
        blocks_merged: Blocks of the run merged so far.
        wave_end: Number after the last block of the run's wave.
        wave: Number of the run's next wave.

    Returns:
        The state, which :func:`separate` takes apart; its evaluations are those of all.
    """
    counters = [[own.blocks_merged, own.wave_end, own.wave, own.evaluations] for own in states]
    arrays = {f"{place}:{name}": array for place, own in enumerate(states) for name, array in own.arrays.items()}
    arrays[_COUNTERS] = np.array(counters, dtype=np.int64)
    return PlanState(arrays, blocks_merged, wave_end, wave, sum(own.evaluations for own in states))


def separate(state: PlanState) -> list[PlanState]:
    """The states that were joined."""
    counters = state.arrays[_COUNTERS].tolist()
    own: list[Arrays] = [{} for _ in counters]
    for key, array in state.arrays.items():
        place, _, name = key.partition(":")
        if name:
            own[int(place)][name] = array
    return [PlanState(arrays, *numbers) for arrays, numbers in zip(own, counters, strict=True)]
