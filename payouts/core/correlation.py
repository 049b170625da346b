"""Agreement of two rules: Pearson, Spearman and Kendall, undefined rather than 0 where they mean nothing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

SELLERS_MIN = 2
# Two points lie on a line, so that every coefficient is 1 or -1 whatever the rules do; of three sellers ranks have four
# values to choose from. A page says so instead of a coefficient.
SELLERS_COMPARED_MIN = 4


@dataclass(frozen=True)
class Correlation:
    """Three coefficients over ``count`` sellers; each is None where it is undefined.

    Attributes:
        count: How many sellers entered. Five sellers say little: always shown beside the coefficients.
        pearson: Linear correlation (the paper's rho).
        spearman: Correlation of ranks, ties at their mean rank.
        kendall: Kendall's tau-b, corrected for ties.
    """

    count: int
    pearson: float | None
    spearman: float | None
    kendall: float | None


def correlate(first: npt.ArrayLike, second: npt.ArrayLike) -> Correlation:
    """Correlate two figures of the same sellers.

    Args:
        first: Figures in any unit, ``(P,)``.
        second: Figures in any unit, ``(P,)``, same order of sellers.

    Returns:
        The coefficients; all None where a vector is constant or there are fewer than two sellers: a constant has no
        direction to agree with (0 would claim "no agreement").

    Raises:
        ValueError: The vectors differ in length or hold a figure that is not finite.
    """
    x = np.asarray(first, dtype=np.float64)
    y = np.asarray(second, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("Both vectors must hold one figure per seller.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("Only finite figures can be correlated.")
    if x.size < SELLERS_MIN or _constant(x) or _constant(y):
        return Correlation(x.size, None, None, None)
    return Correlation(
        count=x.size,
        pearson=_bounded(stats.pearsonr(_standardised(x), _standardised(y)).statistic),
        spearman=_bounded(stats.pearsonr(stats.rankdata(x), stats.rankdata(y)).statistic),
        kendall=_bounded(stats.kendalltau(x, y).statistic),
    )


@dataclass(frozen=True)
class CorrelationIntervals:
    """Lower and upper ends of the three coefficients; None where too few draws defined them."""

    pearson: tuple[float, float] | None
    spearman: tuple[float, float] | None
    kendall: tuple[float, float] | None


def correlation_intervals(
    first: npt.ArrayLike,
    first_covariance: npt.ArrayLike,
    second: npt.ArrayLike,
    second_covariance: npt.ArrayLike,
    *,
    level: float,
    rng: np.random.Generator,
    draws: int = 1_000,
) -> CorrelationIntervals:
    """How far the coefficients move when both figures move within their errors: quantiles over normal draws.

    This is the uncertainty of these sellers' figures. It is not that of a larger population from which the sellers
    would be a sample: there is none.

    Args:
        first: Figures, float64 ``(P,)``.
        first_covariance: Their errors, ``(P, P)``; zeros where a figure is exact.
        second: Figures of the same sellers.
        second_covariance: Their errors, drawn independently of the first ones'.
        level: Probability that the intervals cover.
        rng: Draws.
        draws: How many.

    Returns:
        The intervals.
    """
    moved = [
        rng.multivariate_normal(
            np.asarray(figures, np.float64), np.asarray(errors), size=draws, check_valid="ignore", method="eigh"
        )
        for figures, errors in ((first, first_covariance), (second, second_covariance))
    ]
    x, y = moved
    ranks = (np.asarray(stats.rankdata(each, axis=1), dtype=np.float64) for each in moved)
    # Kendall's tau-b is the cosine of the signs of all pairwise differences.
    signs = (np.sign(each[:, :, None] - each[:, None, :]).reshape(draws, -1) for each in moved)
    return CorrelationIntervals(
        pearson=_ends(_cosines(_centred(x), _centred(y)), level),
        spearman=_ends(_cosines(*(_centred(each) for each in ranks)), level),
        kendall=_ends(_cosines(*signs), level),
    )


def _centred(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(x - x.mean(axis=1, keepdims=True))


def _cosines(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cosines of the rows of two matrices, NaN where one of them is 0."""
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    known = lengths > 0
    return np.where(known, (x * y).sum(axis=1) / np.where(known, lengths, 1.0), np.nan)


def _ends(coefficients: npt.NDArray[np.float64], level: float) -> tuple[float, float] | None:
    known = coefficients[~np.isnan(coefficients)]
    if 2 * known.size < coefficients.size:
        return None
    lower, upper = np.clip(np.quantile(known, [(1 - level) / 2, (1 + level) / 2]), -1.0, 1.0)
    return float(lower), float(upper)


def _constant(x: npt.NDArray[np.float64]) -> bool:
    """Constant up to rounding: three times 1/3 summed in another order is still no signal."""
    return bool(np.ptp(x) <= 1e-12 * np.abs(x).max())


def _standardised(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keep scipy's products inside the range of float64 whatever the unit of the figures."""
    centred = x / np.abs(x).max()
    centred = centred - centred.mean()
    return np.asarray(centred / np.abs(centred).max(), dtype=np.float64)


def _bounded(coefficient: float) -> float:
    return float(np.clip(coefficient, -1.0, 1.0))
