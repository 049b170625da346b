"""HCDV several times over, with another encoder and another tree each: means of rows' values, and how sure they are."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from valuation.core.errors import InvalidSpecError
from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.plans.combined_states import combine, separate
from valuation.core.plans.plan import Block, BlockResult, Place, PlanState
from valuation.core.results import GroupValues, HcdvValues, LevelSummary, NoStandardErrorsError, group_values
from valuation.core.rows.plan import METHOD_VERSION, HcdvPlan
from valuation.core.statistics.widening import students_widening

# Student's t has a variance from three degrees of freedom on.
REPETITIONS_MIN = 4


@dataclass(frozen=True)
class RepeatedHcdvPlan:
    """Independent repetitions of one HCDV plan, wave by wave side by side, so that workers are busy.

    A single tree is one draw: another seed trains another encoder, cuts another tree, and so plays other local games.
    The mean over repetitions keeps what one of them has (values of rows sum to the pot, owners are no input), scatters
    less, and the scatter between them says how much it still does.

    Attributes:
        plan: What is repeated; its settings hold for each repetition.
        repetitions: How often: once, without standard errors, or at least four times.

    Raises:
        InvalidSpecError: Two or three repetitions, from which no error can be had, or fewer than one.
    """

    plan: HcdvPlan
    repetitions: int = REPETITIONS_MIN

    def __post_init__(self) -> None:
        """Refuse numbers of repetitions that cost without telling how sure the mean is."""
        if self.repetitions != 1 and self.repetitions < REPETITIONS_MIN:
            raise InvalidSpecError("repetitions", self.repetitions, f"1, or {REPETITIONS_MIN} and more")

    @property
    def evaluations_max(self) -> int:
        """Most utility evaluations that all repetitions spend."""
        return self.repetitions * self.plan.config.evaluations(self.plan.n_rows)

    def start(self) -> PlanState:
        """The state before any block."""
        return combine([self.plan.start()] * self.repetitions, blocks_merged=0, wave_end=0, wave=0)

    def states(self, state: PlanState) -> list[PlanState]:
        """What each repetition knows."""
        return separate(state)

    def next_wave(self, state: PlanState) -> list[Block]:
        """Blocks of the next wave of every repetition that still plays; empty when all are done.

        Raises:
            PlanOrderError: The last wave is not wholly merged.
        """
        waves = [self.plan.next_wave(own) for own in separate(state)]
        end = state.blocks_merged + sum(len(wave) for wave in waves)
        blocks: list[Block] = []
        for repetition, wave in enumerate(waves):
            for own in wave:
                place: Place = {
                    "repetition": repetition,
                    "own_number": own.number,
                    "own_wave_end": own.place["wave_end"],
                    "wave_end": end,
                }
                if "builds_on" in own.place:
                    # The first wave is one block a repetition: its tree.
                    place["builds_on"] = repetition
                blocks.append(own.moved(state.blocks_merged + len(blocks), state.wave, place))
        return blocks

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """The state after ``block``.

        Raises:
            PlanOrderError: ``block`` is not the next one.
        """
        state.require_next(block)
        states = separate(state)
        place = block.place
        own_block = block.moved(place["own_number"], block.wave, {"wave_end": place["own_wave_end"]})
        repetition = place["repetition"]
        states[repetition] = self.plan.merge(states[repetition], own_block, result)
        return combine(states, blocks_merged=block.number + 1, wave_end=place["wave_end"], wave=block.wave + 1)

    def estimate(self, state: PlanState, seed: int | None = None) -> HcdvValues:
        """Means of the rows' values with their standard errors; needs every wave merged."""
        found = [self.plan.estimate(own, seed) for own in separate(state)]
        by_repetition = np.array([[one.values, one.metric_values] for one in found])
        values, metric_values = by_repetition.mean(axis=0)
        errors = None
        if self.repetitions > 1:
            variances = by_repetition[:, 0].var(axis=0, ddof=1) / self.repetitions
            errors = np.sqrt(variances * students_widening(self.repetitions - 1))
        return HcdvValues(
            values=values,
            standard_errors=errors,
            evaluations=state.evaluations,
            seed=seed,
            method_version=METHOD_VERSION,
            metric_values=metric_values,
            levels=_levels([one.levels for one in found]),
            encoder_refused=next((one.encoder_refused for one in found if one.encoder_refused), ""),
            by_repetition=by_repetition if self.repetitions > 1 else None,
        )

    def progress(self, state: PlanState) -> dict[str, Any]:
        """Figures for a screen, JSON: see :meth:`HcdvPlan.progress`; levels are those of the slowest repetition."""
        each = [self.plan.progress(own) for own in separate(state)]
        return {
            "repetitions": self.repetitions,
            "levels": each[0]["levels"],
            "levels_played": min(one["levels_played"] for one in each),
            "evaluations": state.evaluations,
            "evaluations_left": sum(one["evaluations_left"] for one in each),
        }


def hcdv_group_sums(found: HcdvValues, groups: Sequence[IndexVector]) -> tuple[GroupValues, GroupValues]:
    """Sums of rows' values by group, with ``lambda`` and by the metric alone.

    Args:
        found: Values of rows.
        groups: Row indices of each group, disjoint.

    Returns:
        Sums of ``values`` and of ``metric_values``, with the covariance of the means over repetitions, widened for few
        repetitions as everywhere. Rows of a group err together, so errors of sums do not follow from those of rows.

    Raises:
        NoStandardErrorsError: The values come from one repetition.
    """
    if found.by_repetition is None:
        raise NoStandardErrorsError(found.method_version)
    of_groups = [found.by_repetition[:, :, group].sum(axis=2) for group in groups]
    sums = np.array(of_groups).reshape(len(groups), len(found.by_repetition), 2)
    with_lambda, by_metric = (
        group_values(
            sums[:, :, kind].mean(axis=1),
            _covariance_of_mean(sums[:, :, kind]),
            contributions=None,
            evaluations=found.evaluations,
            seed=found.seed,
            method_version=found.method_version,
        )
        for kind in range(2)
    )
    return with_lambda, by_metric


def _covariance_of_mean(sums: FloatMatrix) -> FloatMatrix:
    """Covariance of the means over repetitions, float64 ``(n_groups, n_groups)``, of ``(n_groups, repetitions)``."""
    repetitions = sums.shape[1]
    centred = sums - sums.mean(axis=1, keepdims=True)
    factor = students_widening(repetitions - 1) / (repetitions * (repetitions - 1))
    return np.asarray(centred @ centred.T * factor)


def _levels(found: Sequence[tuple[LevelSummary, ...]]) -> tuple[LevelSummary, ...]:
    """Counts of all repetitions together, level by level, and their root mean square errors."""
    together = []
    for level in range(max(len(levels) for levels in found)):
        here = [asdict(levels[level]) for levels in found if level < len(levels)]
        counts = {name: sum(one[name] for one in here) for name in here[0] if name not in {"level", "psi_error"}}
        error = float(np.sqrt(np.mean([one["psi_error"] ** 2 for one in here])))
        together.append(LevelSummary(level=level, psi_error=error, **counts))
    return tuple(together)
