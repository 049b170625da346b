"""The other error of a value: the validation rows that score the models are a sample."""

import numpy as np

from valuation.core.few_draws import few_draws_factor
from valuation.core.games import FloatMatrix, IndexVector

# Fewer rows say nothing of their spread: Student's variance is infinite.
STRATUM_ROWS_MIN = 4
# From so many rows that matter on, a normal interval about their mean holds what it says (docs/evidence/coverage.md).
_MATTERING_ROWS = 20
# Agresti & Coull (1998, doi:10.1080/00031305.1998.10480550) count four more cases than were seen: 1.96 squared.
_ROWS_ADDED = 4
# Of the largest sum of squares; less is what rounding left of nothing.
_ROUNDING = 1e-20


def validation_covariance(contributions: FloatMatrix, strata: IndexVector | None = None) -> FloatMatrix:
    """Covariance of the mean of the contributions because the validation rows are a sample.

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

    Returns:
        float64 ``(n_groups, n_groups)``, in squared metric units; 0 for a single row without strata.
    """
    n_groups, m = contributions.shape
    if strata is None:
        if m <= 1:
            return np.zeros((n_groups, n_groups))
        return np.asarray(np.atleast_2d(np.cov(contributions)) / m + _scarcity(contributions) / m**2)
    total = np.zeros((n_groups, n_groups))
    for stratum in np.unique(strata):
        rows = contributions[:, strata == stratum]
        size = rows.shape[1]
        if size < STRATUM_ROWS_MIN:
            total += rows @ rows.T
        else:
            total += size * few_draws_factor(size - 1) * np.atleast_2d(np.cov(rows)) + _scarcity(rows)
    return np.asarray(total / m**2)


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
