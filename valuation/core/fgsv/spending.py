"""How a plan spends its budget: which draws come next, and when values are known well enough."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from valuation.core.fgsv.allocation import wanted_draws
from valuation.core.fgsv.blocks import Drawn, Enumerated, OfStratum
from valuation.core.fgsv.precision import DueTarget, Known
from valuation.core.fgsv.strata import Stratum
from valuation.core.games.game import FloatVector
from valuation.core.plans.block_kinds import BlockKind
from valuation.core.plans.plan import BLOCK_SECONDS, Piece, PlanState

_BLOCK_DRAWS_MIN = 8
# A wave spends at most this many times what the waves before it spent: variances of a small pilot are not to be
# trusted with the whole budget.
_WAVE_GROWTH = 3.0
# Of the budget, a tenth is spread evenly over all sizes.
_FLOOR_PART = 10
# Aim a little below what an amount may move by, so that a run seldom needs one more wave for the last per cent.
_DUE_AIM = 0.9


@dataclass(frozen=True)
class Spending:
    """What may be spent on which strata, and what it is spent for.

    Attributes:
        strata: Strata of coalition sizes.
        n_groups: Number of sellers.
        budget: Most utility evaluations of the run.
        fixed_evaluations: Those of them that no stratum has.
        target: See :class:`~valuation.core.fgsv.plan.FgsvPlan`; so are the others.
        due_target: How far anybody's amount may move.
        cost: Seconds of one evaluation by coalition size.
    """

    strata: tuple[Stratum, ...]
    n_groups: int
    budget: int
    fixed_evaluations: int
    target: float | None
    due_target: DueTarget | None
    cost: Callable[[float], float]

    @cached_property
    def _each(self) -> FloatVector:
        """Evaluations a draw of each stratum."""
        return np.array([stratum.evaluations_per_draw for stratum in self.strata], dtype=np.float64)

    @cached_property
    def _floor(self) -> FloatVector:
        """Draws that no stratum goes without, whatever little they have shown: a tenth of the budget over all sizes."""
        enumerated = np.array([stratum.kind is BlockKind.ENUMERATION for stratum in self.strata], dtype=np.bool_)
        return np.where(enumerated, 0.0, self.budget / (_FLOOR_PART * max(1, len(self._each)) * self._each))

    def is_precise(self, known: Known) -> bool:
        """Whether what is asked is reached; never where nothing is asked, or somebody's interval is withheld."""
        if self.target is None and self.due_target is None:
            return False
        if known.withheld.any():
            return False
        shares = self.target is None or known.share_half_width() <= self.target
        return shares and (self.due_target is None or not known.computation_decides(self.due_target).any())

    def evaluations_left(self, known: Known, state: PlanState) -> float:
        """About how many evaluations the strata still take; the state's wave is merged, or being merged."""
        if not self.strata or (self.is_precise(known) and state.blocks_merged == state.wave_end):
            return 0.0
        drawn = state.arrays["draws"]
        return float((self._wanted(known, drawn, self.budget - state.evaluations) - drawn) @ self._each)

    def next_pieces(self, known: Known, state: PlanState) -> list[Piece]:
        """Pieces of the next wave; none where values are precise, or the budget is spent."""
        if not self.strata or self.is_precise(known):
            return []
        return [piece for k, draws in enumerate(self._new_draws(known, state)) for piece in self._pieces(k, draws)]

    def pilot_pieces(self) -> list[Piece]:
        """Pieces of the first wave."""
        return [piece for k, stratum in enumerate(self.strata) for piece in self._pieces(k, stratum.pilot)]

    def _new_draws(self, known: Known, state: PlanState) -> list[int]:
        """Draws to add by stratum, never more than the budget has left."""
        left = self.budget - state.evaluations
        limit = min(left, int(_WAVE_GROWTH * (state.evaluations - self.fixed_evaluations)))
        new = self._wanted(known, state.arrays["draws"], limit) - state.arrays["draws"]
        draws = []
        for wanted, stratum in zip(new.tolist(), self.strata, strict=True):
            affordable = left // stratum.evaluations_per_draw
            least = self._draws_min(stratum)
            count = 0 if wanted < least / 2 or affordable < least else min(max(least, round(wanted)), affordable)
            draws.append(count)
            left -= count * stratum.evaluations_per_draw
        return draws

    def _wanted(self, known: Known, drawn: FloatVector, evaluations_max: float) -> FloatVector:
        """Draws by stratum that bring every share of the payable values to the target, within the limit."""
        per_draw = np.einsum("kgg->kg", known.covariances) * drawn[:, None]
        targets = np.full(self.n_groups, np.inf)
        if self.target is not None:
            targets[:] = known.variance_target(self.target)
        if self.due_target is not None:
            targets = np.minimum(targets, _DUE_AIM * known.due_variances(self.due_target))
        # Where somebody may have no variance at all, no number of draws is enough.
        stops = bool(np.isfinite(targets).all() and targets.all() and not known.withheld.any())
        if stops:  # each group in units of what it may have
            per_draw = per_draw / targets
        cost = self._each * np.array([self.cost(stratum.middle) for stratum in self.strata])
        cost[[stratum.kind is BlockKind.ENUMERATION for stratum in self.strata]] = np.inf  # nothing is left to draw
        # Draws that are all alike have shown nothing to aim at: all sizes are looked at evenly until one does vary.
        least = np.maximum(drawn, self._floor if per_draw.any() else self._floor * _FLOOR_PART)
        short = float((least - drawn) @ self._each)
        if short > evaluations_max:
            least = drawn if per_draw.any() else drawn + (least - drawn) * (evaluations_max / short)
        left = evaluations_max - float((least - drawn) @ self._each)
        target = 1.0 if stops else None
        return wanted_draws(per_draw, least, cost, self._each, variance_target=target, evaluations_max=left)

    def _draws_min(self, stratum: Stratum) -> int:
        return max(_BLOCK_DRAWS_MIN, 3 * self.n_groups if stratum.paired else 0)

    def _pieces(self, k: int, draws: int) -> list[Piece]:
        """Draws of stratum ``k``, cut into blocks of about ``BLOCK_SECONDS``."""
        if draws <= 0:
            return []
        stratum = self.strata[k]
        seconds = stratum.evaluations_per_draw * self.cost(stratum.middle)
        longest = max(self._draws_min(stratum), int(BLOCK_SECONDS / seconds))
        ends = np.linspace(0, draws, -(-draws // longest) + 1).round().astype(int).tolist()
        params: OfStratum = {"stratum": k, "low": stratum.low, "high": stratum.high}
        if stratum.kind is BlockKind.ENUMERATION:
            return [(stratum.kind, Enumerated(**params, first=first, last=last)) for first, last in pairwise(ends)]
        return [(stratum.kind, Drawn(**params, draws=last - first)) for first, last in pairwise(ends)]
