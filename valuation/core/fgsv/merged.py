"""What merged blocks say: sellers' values, their covariance by stratum, and what each validation row adds to them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.strata import Stratum
from valuation.core.fgsv.sums import StratumSums, covariance_of, part_of_values
from valuation.core.fgsv.unseen import BoolVector, too_little_seen, unseen_variances, with_sum_0
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.plans.block_kinds import BlockKind
from valuation.core.plans.plan import Arrays
from valuation.core.statistics.rounding import rounding_of, settled_covariance, settled_values


@dataclass(frozen=True, eq=False)
class MergedStrata:
    """Sums over the blocks of a plan, read as estimates.

    Attributes:
        strata: The plan's strata of coalition sizes.
        group_sizes: Rows of each seller, float64 ``(n_groups,)``.
        arrays: The state's sums by name; ``ends`` once the first wave is merged.
    """

    strata: tuple[Stratum, ...]
    group_sizes: FloatVector
    arrays: Mapping[str, npt.NDArray[Any]]

    @property
    def n_groups(self) -> int:
        """Number of sellers."""
        return len(self.group_sizes)

    @property
    def parts(self) -> FloatVector:
        """``p_g = s_g / n``, float64 ``(n_groups,)``."""
        return np.asarray(self.group_sizes / max(1.0, float(self.group_sizes.sum())))

    def contrasts(self) -> FloatMatrix:
        """Each stratum's contrast, the sum of T_g(s) over its sizes, float64 ``(n_strata, n_groups)``."""
        found = [self._part(k, moment) for k, moment in enumerate(self.arrays["moment"])]
        return np.array(found).reshape(-1, self.n_groups)

    def values(self) -> FloatVector:
        """The values, float64 ``(n_groups,)``, which sum to the pot."""
        empty, full = self.arrays["ends"]
        contrasts = self.contrasts().sum(axis=0)
        # Contrasts sum to 0 up to rounding; what rounding leaves is spread by rows, so that the values sum to the pot.
        values = np.asarray(self.parts * (full - empty - contrasts.sum()) + contrasts)
        return settled_values(values, float(full - empty), self._noise())

    def covariances(self) -> FloatMatrix:
        """Computation covariance by stratum, float64 ``(n_strata, n_groups, n_groups)``."""
        found, unseen = self._seen.copy(), self._unseen
        for k in np.flatnonzero(unseen.any(axis=1)).tolist():
            found[k] += with_sum_0(unseen[k], self.parts)
        return settled_covariance(found, self._noise())

    def withheld(self) -> BoolVector:
        """Whose values get no interval, bool ``(n_groups,)``; see :func:`~valuation.core.fgsv.unseen.too_little_seen`.

        A group of nobody, or of everybody, is known.
        """
        variances = np.einsum("kgg->kg", self._seen) + self._unseen
        found = too_little_seen(
            self.strata, self._sums, variances, self._unseen, group_sizes=self.group_sizes, noise=self._noise()
        )
        return np.asarray(found & (self.parts > 0.0) & (self.parts < 1.0))

    def contributions(self) -> FloatMatrix | None:
        """Of each validation row, float64 ``(n_groups, m)``; ``None`` where no sums by row were kept."""
        pot = self.pot_rows()
        if pot is None:
            return None
        rows = np.outer(self.parts, pot)
        for k in range(len(self.strata)):
            rows += self._part(k, self.arrays[f"rows_{k}"].sum(axis=0))
        return rows

    def half_contributions(self) -> tuple[FloatMatrix, FloatMatrix] | None:
        """The same as two independent halves of the draws say; what is exact is in both.

        Pairs are mapped by the normal matrix of their own half: with that of all pairs, what one half has too much of
        the other would have too little of.
        """
        pot = self.pot_rows()
        if pot is None:
            return None
        found = [np.outer(self.parts, pot) for _ in range(2)]
        for k, stratum in enumerate(self.strata):
            rows = self.arrays[f"rows_{k}"]
            for half in range(2):
                sums = self._half_sums(k, half)
                found[half] += part_of_values(stratum, sums, self.group_sizes, rows[half % len(rows)])
        return found[0], found[1]

    def pot_rows(self) -> FloatVector | None:
        """What each validation row adds to the pot ``U(N) - U(empty)``, float64 ``(m,)``: exact."""
        if "ends_rows" not in self.arrays:
            return None
        empty, full = self.arrays["ends_rows"]
        return np.asarray(full - empty)

    @cached_property
    def _sums(self) -> list[StratumSums]:
        arrays = self.arrays
        return [
            StratumSums(
                float(arrays["draws"][k]),
                arrays["moment"][k],
                arrays.get(f"outer_{k}"),
                arrays[f"normal_{k}"].sum(axis=0) if stratum.paired else None,
                *(float(arrays[name][k]) for name in ("steepness", "squares", "fourths", "utilities")),
            )
            for k, stratum in enumerate(self.strata)
        ]

    @cached_property
    def _seen(self) -> FloatMatrix:
        """Computation covariance by stratum as the draws show it, float64 ``(n_strata, n_groups, n_groups)``."""
        found = np.zeros((len(self.strata), self.n_groups, self.n_groups))
        for k, stratum in enumerate(self.strata):
            found[k] = covariance_of(stratum, self._sums[k], self.group_sizes)
        return found

    @cached_property
    def _unseen(self) -> FloatMatrix:
        """Variances that no draw has shown, float64 ``(n_strata, n_groups)``."""
        return unseen_variances(
            self.strata,
            self._sums,
            np.einsum("kgg->kg", self._seen),
            group_sizes=self.group_sizes,
            ends=self.arrays["ends"],
            noise=self._noise(),
        )

    def _half_sums(self, k: int, half: int) -> StratumSums:
        """What the map of a half needs; an enumeration has all of its coalitions in both."""
        if self.strata[k].kind is BlockKind.ENUMERATION:
            return self._sums[k]
        normal = self.arrays[f"normal_{k}"][half] if self.strata[k].paired else None
        return replace(self._sums[k], draws=float(self.arrays["halves"][k, half]), normal=normal)

    def _part(self, k: int, moment: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return part_of_values(self.strata[k], self._sums[k], self.group_sizes, moment)

    def _noise(self) -> float:
        """What rounding may leave of values and errors, given the largest utility seen."""
        return rounding_of(max(float(np.abs(self.arrays["ends"]).max()), float(self.arrays["largest"])))


def add_to_stratum(arrays: Arrays, k: int, result: Arrays) -> None:
    """Replace the touched sums by copies with the block's added: a state is never changed in place."""
    for name in ("draws", "halves", "utilities", "moment", "steepness", "squares", "fourths"):
        if name in result:
            arrays[name] = arrays[name].copy()
            arrays[name][k] += result[name]
    arrays["largest"] = np.maximum(arrays["largest"], result["largest"])
    # Of many sellers, too large to copy those of all strata.
    for own in ("outer", "normal", "rows"):
        if own in result:
            name = f"{own}_{k}"
            arrays[name] = arrays.get(name, 0.0) + result[own].astype(np.float64)
