"""The plan of a marketplace run: FGSV of all sellers at once, with GSV and leave-one-out beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np

from valuation.core.errors import BudgetTooSmallError, PlanOrderError
from valuation.core.fgsv.blocks import OfStratum
from valuation.core.fgsv.merged import MergedStrata, add_to_stratum
from valuation.core.fgsv.precision import DueTarget, Known
from valuation.core.fgsv.seller_sums import SellerGame
from valuation.core.fgsv.spending import Spending
from valuation.core.fgsv.strata import Stratum, make_strata, pilot_evaluations
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.plans.block_kinds import BlockKind, Step
from valuation.core.plans.plan import (
    BLOCK_SECONDS,
    Block,
    BlockResult,
    Piece,
    PlanState,
    constant_cost,
    wave_of,
)
from valuation.core.results import GroupValues, group_values, shares_of
from valuation.core.sampling.seller_blocks import Nothing
from valuation.core.statistics.validation_sample import validation_covariance

# 2: blocks also return the sum of their utilities; the values are those of 1. 3: where the seller coalitions of GSV are
# sampled they leave another part of the budget, and validation errors of balanced accuracy are those within classes.
# 4: validation errors are wider where fewer than twenty validation rows matter. 5: validation errors hold no noise of
# sampled coalitions, the order in which sellers are listed moves nothing, a variance of 0 is not believed, and pairs
# are for few sellers. 6: where most of a variance is what no draw has shown there is no interval, draws that are all
# alike end no run before its budget, and the order in which rows are pooled moves nothing but rounding.
METHOD_VERSION = "fgsv-auto/6"


@dataclass(frozen=True)
class FgsvPlan:
    """Waves of blocks until every seller's share of what is payable is known to the target, or the budget is spent.

    Attributes:
        group_sizes: Rows of each seller; together they are all rows of the game.
        budget: Most utility evaluations to spend, over all blocks.
        target: Largest half-width of the 95 % computation interval of any seller's share of the payable values
            (:func:`~valuation.core.fgsv.precision.payable_values`); ``None`` spends the whole budget.
        gated: Whether only values whose lower 95 % bound is above 0 are payable; else all above 0 are.
        due_target: How far anybody's amount may move with the seed; ``None`` asks nothing of amounts. With both
            targets a run goes on until both are met.
        rowwise: Keep contributions per validation row (the game must have ``rowwise``); needed for validation
            covariances.
        with_seller_game: Also evaluate seller coalitions, for GSV and leave-one-out.
        cost: Seconds of one evaluation by coalition size; steers the allocation and the length of blocks, never the
            estimate.
    """

    group_sizes: tuple[int, ...]
    budget: int
    target: float | None = None
    rowwise: bool = False
    with_seller_game: bool = False
    cost: Callable[[float], float] = constant_cost
    due_target: DueTarget | None = None
    gated: bool = False

    @property
    def n_groups(self) -> int:
        """Number of sellers."""
        return len(self.group_sizes)

    @cached_property
    def parts(self) -> FloatVector:
        """``p_g = s_g / n``, float64 ``(n_groups,)``."""
        rows = np.array(self.group_sizes, dtype=np.float64)
        return np.asarray(rows / max(1.0, float(rows.sum())))

    @cached_property
    def sellers(self) -> SellerGame | None:
        """How the seller coalitions are evaluated, if they are."""
        return SellerGame.within(self.n_groups, self.budget) if self.with_seller_game else None

    @property
    def _fixed_evaluations(self) -> int:
        return 2 + (self.sellers.evaluations if self.sellers else 0)

    @cached_property
    def strata(self) -> tuple[Stratum, ...]:
        """Strata of coalition sizes.

        Raises:
            BudgetTooSmallError: The budget does not cover the ends, the seller coalitions and a pilot.
        """
        fixed = self._fixed_evaluations
        # Groups of nobody are in no contrast.
        sizes = [size for size in self.group_sizes if size]
        strata = make_strata(sum(sizes), len(sizes), self.budget - fixed, smallest=min(sizes, default=0))
        needed = fixed + pilot_evaluations(strata)
        if needed > self.budget:
            raise BudgetTooSmallError(self.budget, needed)
        return strata

    def state_bytes(self, n_valid: int) -> int:
        """About how large a finished state is; where sums are kept by validation row, nearly all of it are these."""
        halves = sum(1 if stratum.kind is BlockKind.ENUMERATION else 2 for stratum in self.strata)
        return 8 * self.n_groups * (halves * (n_valid if self.rowwise else 0) + 3 * len(self.strata) * self.n_groups)

    def start(self) -> PlanState:
        """The state before any block."""
        n_strata, n_groups = len(self.strata), self.n_groups
        return PlanState(
            {
                "draws": np.zeros(n_strata),
                "halves": np.zeros((n_strata, 2)),
                "fourths": np.zeros(n_strata),
                "steepness": np.zeros(n_strata),
                "squares": np.zeros(n_strata),
                "utilities": np.zeros(n_strata),
                "largest": np.zeros(()),
                "moment": np.zeros((n_strata, n_groups)),
            }
        )

    # -- planning

    def next_wave(self, state: PlanState) -> list[Block]:
        """Blocks of the next wave; empty when the target is met, the budget is spent, or nothing varies.

        Raises:
            PlanOrderError: The last wave is not wholly merged.
        """
        if state.blocks_merged != state.wave_end:
            raise PlanOrderError(
                f"Wave {state.wave - 1} ends at block {state.wave_end}; {state.blocks_merged} are merged."
            )
        if state.wave:
            return wave_of(state, self._spending.next_pieces(self._known(state), state))
        pieces: list[Piece] = [(BlockKind.ENDS, Nothing()), *self._spending.pilot_pieces()]
        if self.sellers:
            pieces += self.sellers.pieces(self.cost(sum(self.group_sizes)), BLOCK_SECONDS)
        return wave_of(state, pieces)

    @cached_property
    def _spending(self) -> Spending:
        return Spending(
            self.strata,
            self.n_groups,
            self.budget,
            self._fixed_evaluations,
            self.target,
            self.due_target,
            self.cost,
        )

    # -- merging

    def merge(self, state: PlanState, block: Block, result: BlockResult) -> PlanState:
        """The state after ``block``.

        Raises:
            PlanOrderError: ``block`` is not the next one.
        """
        state.require_next(block)
        arrays = dict(state.arrays)
        if block.kind.step is Step.SELLERS_VALUES:
            add_to_stratum(arrays, cast("OfStratum", block.params)["stratum"], result.arrays)
        else:
            for name, array in result.arrays.items():
                arrays[name] = arrays[name] + array if name in arrays else array.astype(np.float64)
        if not self.rowwise:
            arrays = {name: array for name, array in arrays.items() if "rows" not in name}
        return state.after(block, arrays, evaluations=result.evaluations)

    # -- estimating

    # A state's sums are those of the sellers in canonical order, and so is all that is computed of them: another list
    # of the same sellers must not move a bit. What is handed out is in the order of `group_sizes`.

    def _merged(self, state: PlanState) -> MergedStrata:
        rows = np.empty(self.n_groups)
        rows[_places(state)] = self.group_sizes
        return MergedStrata(self.strata, rows, state.arrays)

    def stratum_values(self, state: PlanState) -> FloatMatrix:
        """Each stratum's contrast, the sum of T_g(s) over its sizes, float64 ``(n_strata, n_groups)``."""
        return self._merged(state).contrasts()[:, _places(state)]

    def estimate(self, state: PlanState, seed: int | None = None) -> GroupValues:
        """The Faithful Group Shapley Values known now; needs the first wave merged."""
        merged = self._merged(state)
        found = group_values(
            merged.values(),
            merged.covariances().sum(axis=0),
            contributions=merged.contributions(),
            halves=merged.half_contributions(),
            withheld=merged.withheld(),
            pot_rows=merged.pot_rows(),
            strata=state.arrays.get("strata_rows"),
            evaluations=state.evaluations,
            seed=seed,
            method_version=METHOD_VERSION,
        )
        return found.of_groups(_places(state))

    def estimates(self, state: PlanState, seed: int | None = None) -> dict[str, GroupValues]:
        """All rules known now: ``"fgsv"``, with the seller game ``"leave_one_out"`` and, where paid for, ``"gsv"``."""
        found = {"fgsv": self.estimate(state, seed)}
        if self.sellers and self.sellers.has_gsv:
            found["gsv"] = self.sellers.gsv(state.arrays, seed).of_groups(_places(state))
        if self.sellers:
            found["leave_one_out"] = self.sellers.leave_one_out(state.arrays).of_groups(_places(state))
        return found

    def half_contributions(self, state: PlanState) -> tuple[FloatMatrix, FloatMatrix] | None:
        """What each validation row adds to the values, float64 ``(n_groups, m)``, by either half of the draws alone.

        Their noise of sampled coalitions has nothing in common; ``None`` where no sums by row are kept.
        """
        halves, places = self._merged(state).half_contributions(), _places(state)
        return None if halves is None else (halves[0][places], halves[1][places])

    def removal(self, state: PlanState, order: Sequence[int]) -> FloatVector | None:
        """Utilities as sellers leave in ``order``, see :meth:`SellerGame.removal`; ``None`` where not known."""
        return self.sellers.removal(state.arrays, _places(state)[list(order)].tolist()) if self.sellers else None

    @cached_property
    def _known_of_states(self) -> "WeakKeyDictionary[PlanState, Known]":
        return WeakKeyDictionary()

    def _known(self, state: PlanState) -> Known:
        # Whether it is enough, how far it is and what comes next are all asked of a state.
        if state not in self._known_of_states:
            self._known_of_states[state] = self._read(state)
        return self._known_of_states[state]

    def _read(self, state: PlanState) -> Known:
        merged = self._merged(state)
        rows, strata = merged.contributions(), state.arrays.get("strata_rows")
        validation = np.zeros(self.n_groups)
        if rows is not None:
            validation = np.diag(validation_covariance(rows, strata, halves=merged.half_contributions()))
        return Known(merged.values(), merged.covariances(), validation, merged.withheld(), self.gated)

    def share_half_width(self, state: PlanState) -> float:
        """Largest half-width of a payable share's 95 % computation interval; infinite where there is none.

        There is none where no value is positive, and where too little was seen for an interval. Shares are of all
        positive values; with ``gated`` of those whose lower 95 % bound is above 0, computation and (where rowwise sums
        are kept) validation variance together, if there are any.
        """
        return self._known(state).share_half_width()

    def enough(self, state: PlanState) -> bool:
        """Whether the first wave is merged and the targets are met."""
        if state.wave == 0 or state.blocks_merged != state.wave_end:
            return False
        return self._spending.is_precise(self._known(state))

    def progress(self, state: PlanState) -> dict[str, Any]:
        """Figures for a screen, JSON: wave, evaluations spent and predicted, values, shares and the widest half-width.

        Between waves only ``wave``, ``blocks`` and ``evaluations`` before the first wave is merged.
        """
        figures: dict[str, Any] = {"wave": state.wave, "blocks": state.blocks_merged, "evaluations": state.evaluations}
        if state.wave == 0 or (state.wave == 1 and state.blocks_merged != state.wave_end):
            return figures
        known, places = self._known(state), _places(state)
        half_width = known.share_half_width()
        return figures | {
            "values": known.values[places].tolist(),
            "standard_errors": np.sqrt(np.diag(known.covariance))[places].tolist(),
            "shares": shares_of(known.values)[places].tolist(),
            "share_half_width": half_width if np.isfinite(half_width) else None,
            "evaluations_left": round(self._spending.evaluations_left(known, state)),
        }


def _places(state: PlanState) -> IndexVector:
    """The place of each given seller in the canonical order, int ``(n_groups,)``, once the first block is merged."""
    return state.arrays["places"].astype(np.intp)
