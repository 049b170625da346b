"""GSV and leave-one-out from merged sums of seller blocks: exact up to twelve sellers, sampled above."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.plans.block_kinds import BlockKind
from valuation.core.plans.plan import Piece
from valuation.core.results import GroupValues, group_values
from valuation.core.sampling.circles import CIRCLES_MIN, evaluations_of_circle
from valuation.core.sampling.seller_blocks import EXACT_GROUPS_OF_RUNS_MAX, Arrays, Span
from valuation.core.statistics.rounding import rounding_of, settled_covariance, settled_values
from valuation.core.statistics.widening import students_widening

_CIRCLES_MAX = 8
# In a run the seller coalitions for GSV take at most this part of the budget, all of them or in circles.
_BUDGET_PART = 4


@dataclass(frozen=True)
class SellerGame:
    """How the game of sellers is evaluated.

    Attributes:
        n_groups: Number of sellers ``P``.
        circles: Sampled circles of sellers; 0 means that all ``2^P`` coalitions are evaluated, ``None`` that no more
            than leave-one-out is.
    """

    n_groups: int
    circles: int | None

    @classmethod
    def within(cls, n_groups: int, budget: int) -> "SellerGame":
        """Exact up to twelve sellers, else four to eight circles, where a quarter of the budget pays them.

        Fewer circles, or orders that are none, have no interval that holds what it says, and a value without one is
        not shown beside others that have it.
        """
        affordable = budget // _BUDGET_PART
        if n_groups <= EXACT_GROUPS_OF_RUNS_MAX and 2**n_groups - 2 <= affordable:
            return cls(n_groups, 0)
        circles = min(_CIRCLES_MAX, affordable // evaluations_of_circle(n_groups))
        return cls(n_groups, circles if circles >= CIRCLES_MIN else None)

    @property
    def exact(self) -> bool:
        """Whether all coalitions are evaluated."""
        return self.circles == 0

    @property
    def has_gsv(self) -> bool:
        """Whether there is enough for Group Shapley values."""
        return self.circles is not None

    @property
    def _circle_evaluations(self) -> int:
        return (self.circles or 0) * evaluations_of_circle(self.n_groups)

    @property
    def evaluations(self) -> int:
        """Utility evaluations beyond the two ends, leave-one-out included."""
        return 2**self.n_groups - 2 if self.exact else self.n_groups + self._circle_evaluations

    def pieces(self, seconds_per_evaluation: float, block_seconds: float) -> list[Piece]:
        """Kinds and parameters of the blocks, each of about ``block_seconds``."""
        longest = max(1, int(block_seconds / seconds_per_evaluation))
        if self.exact:
            return [(BlockKind.COALITIONS, span) for span in _spans(1, 2**self.n_groups - 1, longest)]
        longest_circles = max(1, longest // evaluations_of_circle(self.n_groups))
        circles: list[Piece] = [(BlockKind.CIRCLES, span) for span in _spans(0, self.circles or 0, longest_circles)]
        return [(BlockKind.WITHOUT_ONE, span) for span in _spans(0, self.n_groups, longest)] + circles

    def gsv(self, arrays: Arrays, seed: int | None) -> GroupValues:
        """Group Shapley values from merged sums (``"ends"``, and what the seller blocks returned)."""
        values, covariance = self._gsv(arrays)
        rows, halves = self._gsv_rows(arrays)
        empty, full = arrays["ends"]
        noise = rounding_of(max(abs(empty), abs(full)))
        return group_values(
            settled_values(values, float(full - empty), noise),
            settled_covariance(covariance, noise),
            contributions=rows,
            halves=halves,
            strata=arrays.get("strata_rows"),
            evaluations=2 + (self.evaluations if self.exact else self._circle_evaluations),
            seed=seed,
            method_version="gsv-exact/2" if self.exact else "gsv-circles/3",
        )

    def leave_one_out(self, arrays: Arrays) -> GroupValues:
        """Drops ``V(N) - V(N - g)`` from merged sums; exact, so that only the validation rows make them uncertain."""
        n_groups = self.n_groups
        empty, full = arrays["ends"]
        drops, rows = self._drops(arrays)
        return group_values(
            full + drops if n_groups > 1 else np.array([full - empty]),
            np.zeros((n_groups, n_groups)),
            contributions=rows,
            strata=arrays.get("strata_rows"),
            evaluations=2 + (n_groups if n_groups > 1 else 0),
            seed=None,
            method_version="leave-one-out/2",
        )

    def removal(self, arrays: Arrays, order: Sequence[int]) -> FloatVector | None:
        """Utilities as sellers leave one after the other, float64 ``(P + 1,)``: of all first, of nobody last.

        Args:
            arrays: Merged sums.
            order: Who leaves first, second, ...: all sellers.

        Returns:
            ``None`` where not all coalitions were evaluated.
        """
        if not self.exact or (self.n_groups > 1 and "coalition_utilities" not in arrays):
            return None
        empty, full = arrays["ends"]
        codes = 2**self.n_groups - 1 - np.cumsum(2 ** np.asarray(order, dtype=np.int64))[:-1]
        inner = arrays["coalition_utilities"][codes] if len(codes) else np.zeros(0)
        return np.concatenate([[full], inner, [empty]])

    def _drops(self, arrays: Arrays) -> tuple[FloatVector, FloatMatrix | None]:
        """``-V(N - g)`` and the rows of ``V(N) - V(N - g)``."""
        n_groups = self.n_groups
        if n_groups == 1:
            rows = arrays.get("ends_rows")
            return np.zeros(1), None if rows is None else rows[1:] - rows[:1]
        source = arrays["drops"] if "drops" in arrays else arrays["sellers"][n_groups:]
        if "ends_rows" not in arrays:
            return source, None
        rows = arrays["drops_rows"] if "drops" in arrays else arrays["sellers_rows"][n_groups:]
        return source, arrays["ends_rows"][1] + rows

    def _gsv(self, arrays: Arrays) -> tuple[FloatVector, FloatMatrix]:
        n_groups = self.n_groups
        pot = arrays["ends"][1] - arrays["ends"][0]
        if self.exact:
            inner = arrays["sellers"][:n_groups] if n_groups > 1 else np.zeros(1)
            return pot / n_groups + inner, np.zeros((n_groups, n_groups))
        circles = float(arrays["circles"].sum())
        inner, second = arrays["circle_sum"] / circles, arrays["circle_outer"] / circles
        covariance = (second - np.outer(inner, inner)) / (circles - 1) * students_widening(circles - 1)
        # Circles of an additive game do not differ: the second moment and the squared mean cancel, to below 0 at times.
        noise = np.sqrt(rounding_of(np.diag(second).max() / (circles - 1)))
        return pot / n_groups + inner, settled_covariance(covariance, noise)

    def _gsv_rows(self, arrays: Arrays) -> tuple[FloatMatrix | None, tuple[FloatMatrix, FloatMatrix] | None]:
        """Contributions of the validation rows, and where circles are sampled the same by each half of them."""
        n_groups = self.n_groups
        if "ends_rows" not in arrays:
            return None, None
        part = (arrays["ends_rows"][1] - arrays["ends_rows"][0]) / n_groups
        if self.exact:
            inner = arrays["sellers_rows"][:n_groups] if n_groups > 1 else 0.0
            return np.atleast_2d(part + inner), None
        rows, circles = arrays["circle_rows"], arrays["circles"]
        first, second = (part + rows[half] / circles[half] for half in (0, 1))
        return part + rows.sum(axis=0) / circles.sum(), (first, second)


def _spans(first: int, last: int, longest: int) -> list[Span]:
    """Cut ``first..last-1`` into spans of at most ``longest``, evenly."""
    if last <= first:
        return []
    ends = np.linspace(first, last, -(-(last - first) // longest) + 1).round().astype(int).tolist()
    return [Span(first=low, last=high) for low, high in pairwise(ends)]
