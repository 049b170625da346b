"""When shares are known well enough: half-widths of the shares that payouts pay, not of all shares.

What is paid follows the rule of pay. Clip and chance pay every value above 0. The gate pays a group only where the
lower bound of its value, computation and validation errors together, is above 0 (docs/mathematics.md section 4): its
shares are fractions of the payable values' sum, which is smaller than the sum of all positive values, and their
intervals are wider by as much. Chances move shares too, but little beside many owners, and are not looked at here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.results import share_standard_errors
from valuation.core.statistics.confidence import normal_quantile

BoolVector = npt.NDArray[np.bool_]

# Aim a little below the target, so that a run seldom needs one more wave for the last per cent.
_AIM = 0.94
# What rounds ask of amounts: one standard error may be a sixth of an amount. Then hardly an amount is missed by half,
# and whom a round pays does not change with its seed. Of small amounts so many minor units, which nobody minds: 5 EUR.
DUE_PART, DUE_MINOR = 1 / 6, 500
# More draws shorten an interval of both errors by no more than a ninth once they make up a fifth of its variance.
_OF_VALIDATION = 0.25


@dataclass(frozen=True)
class DueTarget:
    """How far an amount may move with the seed: by ``relative`` of it or ``absolute`` of the pot, whichever is more.

    In standard errors of the computation: ``relative = 1 / 6`` asks that values are known to six of them. A seller of
    whom a quarter of the validation variance or less is computation is precise whatever it is due: for it only more
    validation rows would help.

    Attributes:
        relative: Part of what a seller is due, above 0.
        absolute: Part of the pot, 0 or more; at 0 a seller who is due next to nothing takes the whole budget.
    """

    relative: float
    absolute: float


def due_of_pot(pot_minor: int) -> DueTarget:
    """What rounds ask of amounts of a pot of so many minor units, above 0."""
    return DueTarget(relative=DUE_PART, absolute=DUE_MINOR / pot_minor)


def payable_values(values: FloatVector, variances: FloatVector, *, gated: bool) -> FloatVector:
    """Values that the rule of pay would pay, the others as 0 or below.

    Args:
        values: float64 ``(n_groups,)``, in metric units.
        variances: Computation and validation variance together, float64 ``(n_groups,)``.
        gated: Whether only values are paid whose lower 95 % bound is above 0; else all above 0 are.

    Returns:
        float64 ``(n_groups,)``. Where no bound is above 0 the gate says nothing about the shares, and the positive
        values stand in for it.
    """
    if not gated:
        return values
    payable = values - normal_quantile() * np.sqrt(variances) > 0
    return np.where(payable, values, 0.0) if payable.any() else values


@dataclass(frozen=True, eq=False)
class Known:
    """What a state of the plan knows.

    Attributes:
        values: float64 ``(n_groups,)``, in metric units.
        covariances: Computation covariance by stratum, float64 ``(n_strata, n_groups, n_groups)``.
        validation_variances: float64 ``(n_groups,)``; 0 where no rowwise sums are kept.
        withheld: Whose values get no interval, because too little was seen, bool ``(n_groups,)``.
        gated: Whether the rule of pay looks at the lower bounds of values, see :func:`payable_values`.
    """

    values: FloatVector
    covariances: FloatMatrix
    validation_variances: FloatVector
    withheld: BoolVector
    gated: bool

    @cached_property
    def covariance(self) -> FloatMatrix:
        """Computation covariance of the values, float64 ``(n_groups, n_groups)``."""
        return np.asarray(self.covariances.sum(axis=0))

    @cached_property
    def payable(self) -> FloatVector:
        """Values that payouts would pay, see :func:`payable_values`."""
        return payable_values(self.values, np.diag(self.covariance) + self.validation_variances, gated=self.gated)

    def share_half_width(self) -> float:
        """Largest half-width of a payable share's 95 % computation interval.

        Infinite where no value is positive, or an interval is withheld: every share has all values in it. Groups that
        are not payable count like groups just above 0: their error over the payable sum.
        """
        if self.withheld.any():
            return float("inf")
        if not self.covariance.any():
            return 0.0
        return float(normal_quantile() * share_standard_errors(self.payable, self.covariance).max())

    def due_variances(self, target: DueTarget) -> FloatVector:
        """Largest variance of each value at which nobody's amount moves by more than ``target``, ``(n_groups,)``."""
        positive = np.maximum(self.payable, 0.0)
        moved = np.maximum(target.relative * np.maximum(self.values, 0.0), target.absolute * positive.sum())
        # Nobody pays a value below 0, and none that will stay there needs to be known any better.
        below = np.maximum(-self.values, 0.0) / normal_quantile()
        return np.asarray(np.maximum.reduce([moved**2, below**2, _OF_VALIDATION * self.validation_variances]))

    def computation_decides(self, target: DueTarget) -> BoolVector:
        """Of which sellers more draws, and not only more validation rows, would settle the amount, ``(n_groups,)``."""
        return np.asarray(self.withheld | (np.diag(self.covariance) > self.due_variances(target)))

    def variance_target(self, half_width: float) -> float:
        """Largest variance of a value, in squared metric units, at which payable shares meet ``half_width``."""
        total = np.maximum(self.payable, 0.0).sum()
        return float((_AIM * half_width * total / normal_quantile()) ** 2)
