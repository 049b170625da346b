"""What an estimator hands back: values with their covariance, and the intervals that follow from it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from valuation.core.errors import ValuationError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.statistics.confidence import LEVEL, normal_quantile
from valuation.core.statistics.validation_sample import validation_covariance

# Shares of groups whose values all lie this many standard errors above 0 are practically linear in the values; closer
# to the clip at 0 the delta method would claim symmetric intervals that reach below 0, so there we simulate.
_CLEARLY_POSITIVE = 5.0
_SIMULATIONS = 20_000


def shares_of(values: FloatVector) -> FloatVector:
    """Shares ``max(0, v_g) / sum_h max(0, v_h)``, float64 ``(n_groups,)``; all 0 where no value is positive."""
    positive = np.maximum(values, 0.0)
    total = positive.sum()
    return np.asarray(positive / total if total > 0 else np.zeros_like(positive))


def share_standard_errors(values: FloatVector, covariance: FloatMatrix) -> FloatVector:
    """Standard errors of the shares by the delta method, float64 ``(n_groups,)``; infinite where no value is positive.

    A value at or below 0 is treated as if it stood just above 0, so that a group on the brink never looks certain.
    """
    total = np.maximum(values, 0.0).sum()
    if total <= 0:
        return np.full(len(values), np.inf)
    jacobian = (np.eye(len(values)) - np.outer(shares_of(values), values > 0)) / total
    return np.asarray(np.sqrt(np.maximum(np.einsum("gi,ij,gj->g", jacobian, covariance, jacobian), 0.0)))


def share_interval(values: FloatVector, covariance: FloatMatrix, level: float, *, seed: int = 0) -> FloatMatrix:
    """Interval of every group's share under any covariance of the values: computation, validation, or their sum.

    Where every value is at least five standard errors above 0 the delta method is used; otherwise quantiles of shares
    recomputed from 20,000 seeded normal draws, because clipping at 0 makes shares of groups near 0 one-sided.

    Args:
        values: float64 ``(n_groups,)``, in metric units.
        covariance: float64 ``(n_groups, n_groups)``, in squared metric units.
        level: Two-sided level in (0, 1), for example 0.95.
        seed: Seed of the normal draws, so that the same result always shows the same interval.

    Returns:
        Lower and upper ends, float64 ``(n_groups, 2)``, within [0, 1].

    Raises:
        InvalidSpecError: ``level`` is not above 0 and below 1.
    """
    quantile = normal_quantile(level)
    errors = np.sqrt(np.diag(covariance))
    if np.all(values > _CLEARLY_POSITIVE * errors):
        half = quantile * share_standard_errors(values, covariance)
        shares = shares_of(values)
        return np.clip(np.column_stack([shares - half, shares + half]), 0.0, 1.0)
    draws = np.random.default_rng(seed).multivariate_normal(
        values, covariance, size=_SIMULATIONS, check_valid="ignore", method="eigh"
    )
    positive = np.maximum(draws, 0.0)
    totals = positive.sum(axis=1, keepdims=True)
    shares_drawn = np.divide(positive, totals, out=np.zeros_like(positive), where=totals > 0)
    ends = np.quantile(shares_drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return np.ascontiguousarray(ends.T, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class GroupValues:
    """Values of groups (sellers), with the two errors they carry.

    Attributes:
        values: float64 ``(n_groups,)``, in metric units, in the order of the groups given.
        standard_errors: float64 ``(n_groups,)``: error of computation, because coalitions are sampled; infinite where
            ``withheld``.
        covariance: float64 ``(n_groups, n_groups)``: covariance of computation, as far as it was seen; finite.
        validation_covariance: The same shape: error because the validation rows are a sample; ``None`` where the
            game scores no rows.
        evaluations: Utility evaluations spent.
        seed: Seed the result can be recomputed from; ``None`` where nothing was random.
        method_version: Name and version of the estimator, for example ``"fgsv-auto/2"``.
        contributions: Per validation row, float64 ``(n_groups, n_validation_rows)``, whose mean over rows is
            ``values``; ``None`` where the game scores no rows.
        total_validation_error: Standard error of ``U(N) - U(empty)`` because the validation rows are a sample, in
            metric units. Nothing of it is sampled coalitions: where the values' sum does not exceed it by 1.96 times,
            all rows together cannot be told from the constant predictor. ``None`` where it is not known.
    """

    values: FloatVector
    standard_errors: FloatVector
    covariance: FloatMatrix
    validation_covariance: FloatMatrix | None
    evaluations: int
    seed: int | None
    method_version: str
    contributions: FloatMatrix | None = None
    total_validation_error: float | None = None

    def of_groups(self, places: IndexVector) -> "GroupValues":
        """The values of the groups at ``places``, in that order."""
        square = np.ix_(places, places)
        validation, contributions = self.validation_covariance, self.contributions
        return replace(
            self,
            values=self.values[places],
            standard_errors=self.standard_errors[places],
            covariance=self.covariance[square],
            validation_covariance=None if validation is None else validation[square],
            contributions=None if contributions is None else contributions[places],
        )

    @property
    def withheld(self) -> npt.NDArray[np.bool_]:
        """Whose values and shares have no interval, because the draws have shown too little, bool ``(n_groups,)``."""
        return np.isinf(self.standard_errors)

    @property
    def too_few(self) -> str:
        """Why intervals are withheld, as a sentence; empty where none is."""
        count = int(self.withheld.sum())
        if not count:
            return ""
        return (
            f"{self.evaluations:,} evaluations are too few to say how far the values of {count} of {len(self.values)} "
            "groups may be off: scores move in coalitions that hardly any draw has met. Ask again with more."
        )

    def interval(self, level: float = LEVEL) -> FloatMatrix:
        """Computation interval of the values: lower and upper ends, float64 ``(n_groups, 2)``, in metric units.

        Both ends are infinite where ``withheld``.
        """
        return _normal_interval(self.values, self.standard_errors, level)

    def validation_interval(self, level: float = LEVEL) -> FloatMatrix | None:
        """Validation-sample interval of the values, float64 ``(n_groups, 2)``, or ``None`` without row scores."""
        if self.validation_covariance is None:
            return None
        return _normal_interval(self.values, np.sqrt(np.diag(self.validation_covariance)), level)

    @property
    def shares(self) -> FloatVector:
        """Shares ``max(0, v_g) / sum_h max(0, v_h)``, float64 ``(n_groups,)``; all 0 where no value is positive."""
        return shares_of(self.values)

    def share_interval(self, level: float = LEVEL) -> FloatMatrix:
        """Computation interval of the shares, float64 ``(n_groups, 2)``; see :func:`share_interval`.

        Every share has all values in it: from 0 to 1 where anybody's interval is withheld.
        """
        if self.withheld.any():
            return np.tile([0.0, 1.0], (len(self.values), 1))
        return share_interval(self.values, self.covariance, level, seed=self.seed or 0)

    def validation_share_interval(self, level: float = LEVEL) -> FloatMatrix | None:
        """Validation-sample interval of the shares, float64 ``(n_groups, 2)``, or ``None`` without row scores."""
        if self.validation_covariance is None:
            return None
        return share_interval(self.values, self.validation_covariance, level, seed=self.seed or 0)


@dataclass(frozen=True, eq=False)
class RoyaltyShares:
    """Royalty shares of groups, with the values they come from.

    Attributes:
        shares: float64 ``(n_groups,)``, in [0, 1]; they sum to 1, or are all 0 where no value is positive.
        values: Values of the groups.
    """

    shares: FloatVector
    values: GroupValues

    def interval(self, level: float = LEVEL) -> FloatMatrix:
        """Computation interval, float64 ``(n_groups, 2)``, within [0, 1]."""
        return self.values.share_interval(level)

    def validation_interval(self, level: float = LEVEL) -> FloatMatrix | None:
        """Validation-sample interval, float64 ``(n_groups, 2)``, or ``None`` without row scores."""
        return self.values.validation_share_interval(level)


def _normal_interval(values: FloatVector, errors: FloatVector, level: float) -> FloatMatrix:
    half = normal_quantile(level) * errors
    return np.column_stack([values - half, values + half])


def group_values(
    values: FloatVector,
    covariance: FloatMatrix,
    *,
    contributions: FloatMatrix | None,
    halves: tuple[FloatMatrix, FloatMatrix] | None = None,
    withheld: npt.NDArray[np.bool_] | None = None,
    pot_rows: FloatVector | None = None,
    strata: IndexVector | None = None,
    evaluations: int,
    seed: int | None,
    method_version: str,
) -> GroupValues:
    """Assemble :class:`GroupValues`; standard errors and validation errors follow from what is given.

    ``halves`` are the contributions as two independent halves of the draws say, where coalitions are sampled;
    ``withheld`` are the groups without an interval;
    ``pot_rows`` what each validation row adds to ``U(N) - U(empty)``; ``strata`` those of the validation rows. See
    :func:`~valuation.core.statistics.validation_sample.validation_covariance`.
    """
    validation = None if contributions is None else validation_covariance(contributions, strata, halves=halves)
    pot_variance = None if pot_rows is None else validation_covariance(pot_rows[None, :], strata)[0, 0]
    errors = np.sqrt(np.diag(covariance))
    return GroupValues(
        values=values,
        standard_errors=errors if withheld is None else np.where(withheld, np.inf, errors),
        covariance=covariance,
        validation_covariance=validation,
        evaluations=evaluations,
        seed=seed,
        method_version=method_version,
        contributions=contributions,
        total_validation_error=None if pot_variance is None else float(np.sqrt(pot_variance)),
    )


class NoStandardErrorsError(ValuationError):
    """An interval was asked of values whose method has no honest standard errors."""

    code: ClassVar[str] = "no_standard_errors"

    def __init__(self, method_version: str) -> None:
        """Name the method that has none."""
        super().__init__(f"Values by {method_version} carry no standard errors, so they have no interval.")
        self.method_version = method_version


@dataclass(frozen=True, eq=False)
class PointValues:
    """Values of single players (rows).

    Attributes:
        values: float64 ``(n,)``, in the order of the rows given; in metric units unless a subclass says otherwise.
        standard_errors: float64 ``(n,)``: error of computation, because coalitions are sampled; ``None`` where the
            method has no honest one.
        evaluations: Utility evaluations spent.
        seed: Seed of all draws; ``None`` where nothing was random.
        method_version: Name and version of the estimator, for example ``"permutation/1"``.
    """

    values: FloatVector
    standard_errors: FloatVector | None
    evaluations: int
    seed: int | None
    method_version: str

    def interval(self, level: float = LEVEL) -> FloatMatrix:
        """Computation interval of the values: lower and upper ends, float64 ``(n, 2)``, in the unit of the values.

        Raises:
            NoStandardErrorsError: The method has no honest standard errors.
        """
        if self.standard_errors is None:
            raise NoStandardErrorsError(self.method_version)
        return _normal_interval(self.values, self.standard_errors, level)


@dataclass(frozen=True)
class LevelSummary:
    """How one level of a hierarchy of local games was valued.

    Attributes:
        level: Distance from the root.
        nodes: Nodes at this level.
        leaves: Those of them that are not divided further but into rows.
        enumerated: Local games solved from all coalitions.
        sampled: Local games solved from random orders.
        by_neighbors: Leaves valued by KNN-Shapley.
        uniform: Leaves divided by rows.
        faded: Nodes whose shares of the pot needed weights in place of (some of) their local Shapley values.
        faded_metric: The same with the metric alone (``lambda = 0``).
        evaluations: Utility evaluations spent.
        psi_error: Root mean square standard error of the sampled local Shapley values, in units of ``v``; 0 without.
    """

    level: int
    nodes: int
    leaves: int
    enumerated: int
    sampled: int
    by_neighbors: int
    uniform: int
    faded: int
    faded_metric: int
    evaluations: int
    psi_error: float


@dataclass(frozen=True, eq=False)
class HcdvValues(PointValues):
    """Values of rows from a tree of local games, in units of ``v``.

    Attributes:
        metric_values: float64 ``(n_rows,)``: the same with ``lambda = 0``, in metric units.
        levels: What happened at each level, root first; counts of all repetitions together.
        encoder_refused: Why there is no encoder where one was asked for, as a sentence; empty where all went well.
        by_repetition: float64 ``(repetitions, 2, n_rows)``: ``values`` and ``metric_values`` of each repetition, whose
            means they are; ``None`` where there was one.

    ``standard_errors`` are those of means over repetitions, from their scatter, and ``None`` where there was one: a
    row's value is a product of shares down the tree, with kinks where shares fade, and no formula for the error of a
    single tree would be honest. ``psi_error`` of each level says how well the local games are known.
    """

    metric_values: FloatVector
    levels: tuple[LevelSummary, ...]
    encoder_refused: str = ""
    by_repetition: FloatMatrix | None = None
