"""When shares are known well enough: half-widths of the shares that payouts pay, not of all shares.

Payouts pay a group only where the lower bound of its value, computation and validation errors together, is above 0
(valuation-math.md, section 4). Paid shares are therefore fractions of the payable values' sum, which is smaller than
the sum of all positive values, and their intervals are wider by as much.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from valuation.core.games import FloatMatrix, FloatVector
from valuation.core.results import normal_quantile, share_standard_errors

_LEVEL = 0.95
# Aim a little below the target, so that a run seldom needs one more wave for the last per cent.
_AIM = 0.94


def payable_values(values: FloatVector, variances: FloatVector) -> FloatVector:
    """Values whose lower 95 % bound is above 0, the others as 0; all of them where no bound is above 0.

    Args:
        values: float64 ``(n_groups,)``, in metric units.
        variances: Computation and validation variance together, float64 ``(n_groups,)``.

    Returns:
        float64 ``(n_groups,)``. Without any payable value the gate says nothing about the shares, and the positive
        values stand in for it.
    """
    payable = values - normal_quantile(_LEVEL) * np.sqrt(variances) > 0
    return np.where(payable, values, 0.0) if payable.any() else values


@dataclass(frozen=True, eq=False)
class Known:
    """What a state of the plan knows.

    Attributes:
        values: float64 ``(n_groups,)``, in metric units.
        covariances: Computation covariance by stratum, float64 ``(n_strata, n_groups, n_groups)``.
        validation_variances: float64 ``(n_groups,)``; 0 where no rowwise sums are kept.
    """

    values: FloatVector
    covariances: FloatMatrix
    validation_variances: FloatVector

    @cached_property
    def covariance(self) -> FloatMatrix:
        """Computation covariance of the values, float64 ``(n_groups, n_groups)``."""
        return np.asarray(self.covariances.sum(axis=0))

    @cached_property
    def payable(self) -> FloatVector:
        """Values that payouts would pay, see :func:`payable_values`."""
        return payable_values(self.values, np.diag(self.covariance) + self.validation_variances)

    def share_half_width(self) -> float:
        """Largest half-width of a payable share's 95 % computation interval; infinite where no value is positive.

        Groups that are not payable count like groups just above 0: their error over the payable sum.
        """
        if not self.covariance.any():
            return 0.0
        return float(normal_quantile(_LEVEL) * share_standard_errors(self.payable, self.covariance).max())

    def variance_target(self, half_width: float) -> float:
        """Largest variance of a value, in squared metric units, at which payable shares meet ``half_width``."""
        total = np.maximum(self.payable, 0.0).sum()
        return float((_AIM * half_width * total / normal_quantile(_LEVEL)) ** 2)
