"""Agreement of two rules: Pearson, Spearman and Kendall, undefined rather than 0 where they mean nothing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

SELLERS_MIN = 2


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
