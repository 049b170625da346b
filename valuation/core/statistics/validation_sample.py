"""The other error of a value: the validation rows that score the models are a sample."""

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import FloatMatrix, IndexVector
from valuation.core.statistics.widening import students_widening

BoolVector = npt.NDArray[np.bool_]

# Fewer rows say nothing of their spread: Student's variance is infinite.
STRATUM_ROWS_MIN = 4
# From so many rows that matter on, a normal interval about their mean holds what it says (docs/evidence/coverage.md).
_MATTERING_ROWS = 20
# Agresti & Coull (1998, doi:10.1080/00031305.1998.10480550) count four more cases than were seen: 1.96 squared.
_ROWS_ADDED = 4
# Of the largest sum of squares; less is what rounding left of nothing.
_ROUNDING = 1e-20


def validation_covariance(
    contributions: FloatMatrix,
    strata: IndexVector | None = None,
    *,
    halves: tuple[FloatMatrix, FloatMatrix] | None = None,
) -> FloatMatrix:
    """Covariance of the mean of the contributions because the validation rows are a sample.

    Contributions that come from sampled coalitions carry the noise of these besides, which differs from row to row and
    would be counted as spread of the rows. Two independent halves of the draws have nothing in common but the rows:
    their cross-covariance holds no noise on average. See :func:`in_common`.

    Without strata they are a simple random sample. A metric whose weights follow from how many rows each stratum has
    (balanced accuracy, AUC: the classes) does not move with these numbers, and its rows are a random sample within each
    stratum: ``sum_c (m_c / m)^2 cov_c / m_c``. Taken as one sample, its standard errors would be up to 2.3 times too
    large with a class of one row in ten (docs/evidence/coverage.md).

    Where few rows matter, such as the three hits of a class that models hardly ever name, other samples would have had
    one or six of them, and the spread of those that were seen says little: see :func:`_scarcity`.

    Args:
        contributions: float64 ``(n_groups, m)``, in metric units.
        strata: Stratum of each validation row, int ``(m,)``. Rows of a stratum of fewer than four are as uncertain as
            they are large; of more, the covariance is widened by Student's variance.
        halves: The contributions by each half of the draws, float64 ``(n_groups, m)`` twice; ``None`` where nothing
            was sampled.

    Returns:
        float64 ``(n_groups, n_groups)``, in squared metric units, positive semi-definite; 0 for a single row without
        strata.
    """
    n_groups, m = contributions.shape
    if strata is None and m <= 1:
        return np.zeros((n_groups, n_groups))
    scarce = np.zeros((n_groups, n_groups))
    for rows in _within(strata, m):
        if strata is None or rows.sum() >= STRATUM_ROWS_MIN:
            scarce += _scarcity(contributions[:, rows])
    if strata is None:
        covariance = np.asarray(np.atleast_2d(np.cov(contributions)) / m)
    else:
        apart = apart_of(contributions, strata)
        covariance = np.asarray(apart @ apart.T / m**2)
    if halves is not None:
        first, second = (apart_of(half, strata) for half in halves)
        covariance = in_common(covariance, first / m, second / m)
    return np.asarray(covariance + scarce / m**2)


def _within(strata: IndexVector | None, m: int) -> list[BoolVector]:
    """Which rows belong to each stratum."""
    return [np.ones(m, dtype=np.bool_)] if strata is None else [strata == stratum for stratum in np.unique(strata)]


def apart_of(contributions: FloatMatrix, strata: IndexVector | None) -> FloatMatrix:
    """Contributions less the mean of their stratum, so long that their squares sum to the variance of the sum."""
    apart = contributions.copy()
    for rows in _within(strata, contributions.shape[1]):
        size = int(rows.sum())
        if strata is not None and size < STRATUM_ROWS_MIN:
            continue
        factor = size / (size - 1) * (1.0 if strata is None else students_widening(size - 1))
        part = contributions[:, rows]
        apart[:, rows] = np.sqrt(factor) * (part - part.mean(axis=1, keepdims=True))
    return apart


def in_common(covariance: FloatMatrix, first: FloatMatrix, second: FloatMatrix) -> FloatMatrix:
    """What two halves of the draws have in common, positive semi-definite, float64 ``(n_groups, n_groups)``.

    Noise leaves the symmetric part of ``first @ second.T`` with eigenvalues below 0. They are cut off, each group in
    units of its own spread, and what is kept is brought back to the trace, because cutting alone adds a part of the
    noise to everybody. The trace is uncertain by the scatter of the rows that it sums over: where it is smaller than
    that, nobody knows how small, and the scatter stands for it.

    Args:
        covariance: That of all draws, the noise in it.
        first: Rows by one half, apart from their mean, whose squares sum to a variance, float64 ``(n_groups, m)``.
        second: Rows by the other.
    """
    variances = np.diag(covariance)
    reached = variances > _ROUNDING * variances.max()
    if not reached.any():
        return covariance
    unit = np.sqrt(variances)
    known = np.divide(1.0, unit, out=np.zeros_like(unit), where=reached)[:, None]
    first, second = known * first, known * second
    by_row = (first * second).sum(axis=0)
    trace = max(float(by_row.sum()), float(by_row.std() * np.sqrt(len(by_row))))
    levels, axes = np.linalg.eigh((first @ second.T + second @ first.T) / 2.0)
    levels = np.maximum(levels, 0.0)
    if not levels.any():
        return np.asarray(covariance * (trace / reached.sum()))
    return np.asarray(np.outer(unit, unit) * ((axes * (levels * (trace / levels.sum()))) @ axes.T))


def _scarcity(rows: FloatMatrix) -> FloatMatrix:
    """What is added to the covariance of sums of rows of which fewer than 20 matter, float64 ``(n_groups, n_groups)``.

    ``N = (sum_r w_r)^2 / sum_r w_r^2`` rows matter, ``w_r`` the squared distance of row ``r`` from the mean row over
    all groups. A group's variance grows by ``4 (1 - N / 20)`` times the square of such a row: of its own (mean of
    squares weighted by squares) or of anybody's, whichever is larger, because a group that few rows happened to reach
    looks too certain. A group that no row tells apart from a constant stays certain.
    """
    apart = rows - rows.mean(axis=1, keepdims=True)
    unit = np.abs(apart).max()
    if unit == 0.0:
        return np.zeros((len(rows), len(rows)))
    squares = (apart / unit) ** 2  # without a unit, fourth powers of large utilities would overflow
    own, everybody, weights = squares.sum(axis=1), squares.sum(), squares.sum(axis=0)
    mattering = everybody**2 / (weights @ weights)
    scarce = _ROWS_ADDED * max(0.0, 1.0 - mattering / _MATTERING_ROWS)
    fourth = (squares**2).sum(axis=1)
    reached = own > _ROUNDING * everybody
    sizes = np.maximum(np.divide(fourth, own, out=np.zeros_like(own), where=reached), fourth.sum() / everybody)
    return np.diag(scarce * unit**2 * np.where(reached, sizes, 0.0))
