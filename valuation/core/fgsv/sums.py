"""From merged sums of a stratum to its part of the values, its covariance, and its row contributions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.strata import Stratum
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.statistics.widening import students_widening


@dataclass(frozen=True, eq=False)
class StratumSums:
    """Merged sums of one stratum, as the blocks return them.

    Attributes:
        draws: Draws merged (coalitions, or pairs).
        moment: float64 ``(n_groups,)``.
        outer: float64 ``(n_groups, n_groups)``: outer products of the terms, or the meat of the sandwich of pairs;
            ``None`` of an enumeration, which is exact.
        normal: float64 ``(n_groups, n_groups)``: normal matrix of pairs; ``None`` of single coalitions.
        steepness: Sum of ``1 / reach^2`` over pairs.
        squares: Sum of the squared residuals, in squared metric units.
        fourths: Sum of their fourth powers.
        utilities: Sum of the utilities.
    """

    draws: float
    moment: FloatVector
    outer: FloatMatrix | None
    normal: FloatMatrix | None
    steepness: float = 0.0
    squares: float = 0.0
    fourths: float = 0.0
    utilities: float = 0.0


def part_of_values(
    stratum: Stratum, sums: StratumSums, group_sizes: FloatVector, moment: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The stratum's part of the values, or of what each validation row adds to them.

    Args:
        stratum: The stratum.
        sums: Its merged sums.
        group_sizes: Rows of each group, float64 ``(n_groups,)``.
        moment: Its moment, float64 ``(n_groups,)``, or that of each validation row, ``(n_groups, m)``.

    Returns:
        float64, of the shape of ``moment``.
    """
    if sums.normal is None:
        # An enumeration's sums are divided by all coalitions of the size, which its pilot counts.
        return np.asarray(moment / max(sums.draws, 1.0))
    return np.asarray(map_of_pairs(stratum, sums.normal, group_sizes) @ moment)


def map_of_pairs(stratum: Stratum, normal: FloatMatrix, group_sizes: FloatVector) -> FloatMatrix:
    """Matrix from the moment of pairs to the stratum's part of the values, float64 ``(n_groups, n_groups)``."""
    n, n_groups = group_sizes.sum(), len(group_sizes)
    slopes = np.linalg.pinv(normal, hermitian=True)
    # Slopes are known up to a common constant (X sums to 0); the constraint sum_g p_g m_g = 0 makes the parts sum to 0.
    centre = np.eye(n_groups) - np.outer(np.ones(n_groups), group_sizes / n)
    return np.asarray(stratum.n_sizes / (n - 1) * group_sizes[:, None] * (centre @ slopes))


def covariance_of(stratum: Stratum, sums: StratumSums, group_sizes: FloatVector) -> FloatMatrix:
    """Covariance of the stratum's part of the values, float64 ``(n_groups, n_groups)``.

    Sample covariance of independent draws, or the sandwich of least squares, times nu / (nu - 2) (the variance of
    Student's t with the stratum's degrees of freedom), because intervals use normal quantiles and a stratum may have
    few draws.
    """
    n_groups = len(group_sizes)
    if sums.outer is None:
        return np.zeros((n_groups, n_groups))
    if sums.normal is None:
        freedom = sums.draws - 1
        mean = sums.moment / sums.draws
        covariance = (sums.outer / sums.draws - np.outer(mean, mean)) / freedom
    else:
        freedom = sums.draws - (n_groups - 1)
        transform = map_of_pairs(stratum, sums.normal, group_sizes)
        covariance = transform @ sums.outer @ transform.T
    return np.asarray(covariance * students_widening(freedom))
