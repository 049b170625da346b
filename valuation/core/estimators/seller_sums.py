"""GSV and leave-one-out from merged sums of seller blocks: exact up to twelve sellers, sampled above."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from valuation.core.estimators.seller_blocks import Arrays
from valuation.core.games import FloatMatrix, FloatVector
from valuation.core.results import GroupValues, few_draws_factor, group_values
from valuation.core.rounding import rounding_of, settled_covariance, settled_values

EXACT_GROUPS_MAX = 12
WALKS_MIN = 4
_WALKS_MAX = 64
# In a run all seller coalitions are evaluated where they take at most this part of the budget; sampled walks take no
# more.
_BUDGET_PART = 4


@dataclass(frozen=True)
class SellerGame:
    """How the game of sellers is evaluated.

    Attributes:
        n_groups: Number of sellers ``P``.
        walks: Sampled seller orders, each walked both ways; 0 means that all ``2^P`` coalitions are evaluated.
    """

    n_groups: int
    walks: int

    @classmethod
    def within(cls, n_groups: int, budget: int) -> "SellerGame":
        """Exact up to twelve sellers where the budget allows it, otherwise as many walks as a quarter of it pays."""
        if n_groups <= EXACT_GROUPS_MAX and (2**n_groups - 2) * _BUDGET_PART <= budget:
            return cls(n_groups, 0)
        affordable = budget // _BUDGET_PART // (2 * (n_groups - 1))
        return cls(n_groups, max(WALKS_MIN, min(_WALKS_MAX, affordable)))

    @property
    def exact(self) -> bool:
        """Whether all coalitions are evaluated."""
        return self.walks == 0

    @property
    def evaluations(self) -> int:
        """Utility evaluations beyond the two ends, leave-one-out included."""
        return 2**self.n_groups - 2 if self.exact else self.n_groups + 2 * (self.n_groups - 1) * self.walks

    def pieces(self, seconds_per_evaluation: float, block_seconds: float) -> list[tuple[str, dict[str, int]]]:
        """Kinds and parameters of the blocks, each of about ``block_seconds``."""
        longest = max(1, int(block_seconds / seconds_per_evaluation))
        if self.exact:
            return [("coalitions", span) for span in _spans(1, 2**self.n_groups - 1, longest)]
        longest_walks = max(1, longest // (2 * (self.n_groups - 1)))
        walks = [
            ("permutations", {"draws": span["last"] - span["first"]}) for span in _spans(0, self.walks, longest_walks)
        ]
        return [("without_one", span) for span in _spans(0, self.n_groups, longest)] + walks

    def gsv(self, arrays: Arrays, seed: int | None) -> GroupValues:
        """Group Shapley values from merged sums (``"ends"``, and what the seller blocks returned)."""
        values, covariance, rows = self._gsv(arrays)
        empty, full = arrays["ends"]
        noise = rounding_of(max(abs(empty), abs(full)))
        return group_values(
            settled_values(values, float(full - empty), noise),
            settled_covariance(covariance, noise),
            contributions=rows,
            evaluations=2 + (self.evaluations if self.exact else 2 * (self.n_groups - 1) * self.walks),
            seed=seed,
            method_version="gsv-exact/1" if self.exact else "gsv-permutations/2",
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
            evaluations=2 + (n_groups if n_groups > 1 else 0),
            seed=None,
            method_version="leave-one-out/1",
        )

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

    def _gsv(self, arrays: Arrays) -> tuple[FloatVector, FloatMatrix, FloatMatrix | None]:
        n_groups = self.n_groups
        pot = arrays["ends"][1] - arrays["ends"][0]
        has_rows = "ends_rows" in arrays
        pot_rows = arrays["ends_rows"][1] - arrays["ends_rows"][0] if has_rows else None
        nothing = np.zeros((n_groups, n_groups))
        if self.exact:
            inner = arrays["sellers"][:n_groups] if n_groups > 1 else np.zeros(1)
            rows = None
            if pot_rows is not None:
                rows = pot_rows / n_groups + (arrays["sellers_rows"][:n_groups] if n_groups > 1 else 0.0)
            return pot / n_groups + inner, nothing, np.atleast_2d(rows) if rows is not None else None
        walks = float(arrays["walks"])
        at_ends = arrays["first_sum"] / walks
        values = arrays["walk_sum"] / walks + pot * at_ends
        cross = arrays["cross_outer"]
        second = (arrays["walk_outer"] + pot * (cross + cross.T) + pot**2 * arrays["first_outer"]) / walks
        covariance = (second - np.outer(values, values)) / (walks - 1) * few_draws_factor(walks - 1)
        # Walks of an additive game do not differ: the second moment and the squared mean cancel, to below 0 at times.
        squares = np.diag(arrays["walk_outer"] + pot**2 * arrays["first_outer"]).max() / walks
        covariance = settled_covariance(covariance, np.sqrt(rounding_of(squares / (walks - 1))))
        walk_rows = None if pot_rows is None else arrays["walk_rows"] / walks + np.outer(at_ends, pot_rows)
        return values, covariance, walk_rows


def _spans(first: int, last: int, longest: int) -> list[dict[str, int]]:
    """Cut ``first..last-1`` into spans of at most ``longest``, evenly."""
    if last <= first:
        return []
    ends = np.linspace(first, last, -(-(last - first) // longest) + 1).round().astype(int).tolist()
    return [{"first": low, "last": high} for low, high in pairwise(ends)]
