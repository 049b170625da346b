"""What rows of one kind are worth on average, such as those of one class, against all other rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.statistics.validation_sample import STRATUM_ROWS_MIN
from valuation.core.statistics.widening import students_widening


@dataclass(frozen=True, eq=False)
class KindMeans:
    """Mean values of the rows of each kind, and how far they are ahead of the other rows.

    Attributes:
        kinds: The kinds that are compared, int ``(n_compared,)``, ascending.
        rows: How many rows each has, int ``(n_compared,)``.
        means: Mean value of its rows, float64 ``(n_compared,)``, in metric units a row.
        standard_errors: Error of the means, float64 ``(n_compared,)``.
        ahead: Mean of its rows minus the mean of all other rows, float64 ``(n_compared,)``.
        ahead_standard_errors: Error of those differences, float64 ``(n_compared,)``.
    """

    kinds: IndexVector
    rows: IndexVector
    means: FloatVector
    standard_errors: FloatVector
    ahead: FloatVector
    ahead_standard_errors: FloatVector


def mean_by_kind(by_repetition: FloatMatrix, kinds: npt.NDArray[np.int64], *, rows_min: int = 20) -> KindMeans:
    """Mean values of rows by kind, ``mean_c = sum_{i of kind c} value_i / n_c``, with both of their errors.

    The variance of a mean is the sum of two: that of the mean over repetitions (another encoder and tree each), because
    rows of a kind err together, and ``s_c^2 / n_c`` of the rows, because other rows of the kind would have other
    values. The scatter of the rows holds some of the first already, so the errors are a little too large, never too
    small.

    Args:
        by_repetition: Values of the rows in each repetition, float64 ``(n_repetitions, n_rows)``, at least four of
            them.
        kinds: Kind of each row, int64 ``(n_rows,)``, from 0 on.
        rows_min: Kinds of fewer rows are not compared, nor those that leave fewer others; at least four.

    Returns:
        The kinds that can be compared; none where all rows are of one kind.

    Raises:
        InvalidDataError: Fewer than four repetitions or ``rows_min`` below four, from which no error can be had, or not
            one kind a row.
    """
    repetitions, n_rows = by_repetition.shape
    if min(repetitions, rows_min) < STRATUM_ROWS_MIN:
        raise InvalidDataError(
            f"{repetitions} repetitions and kinds of {rows_min} rows; expected at least {STRATUM_ROWS_MIN} of each."
        )
    if kinds.shape != (n_rows,) or kinds.min(initial=0) < 0:
        raise InvalidDataError(f"Kinds are {kinds.shape}; expected a number from 0 on for each of {n_rows} rows.")
    counts = np.bincount(kinds)
    compared = np.flatnonzero((counts >= rows_min) & (n_rows - counts >= rows_min))
    values, found = by_repetition.mean(axis=0), np.zeros((4, len(compared)))
    for place, kind in enumerate(compared.tolist()):
        own = kinds == kind
        own_means, other_means = by_repetition[:, own].mean(axis=1), by_repetition[:, ~own].mean(axis=1)
        own_rows, other_rows = (values[part].var(ddof=1) / part.sum() for part in (own, ~own))
        ahead = own_means - other_means
        found[:, place] = (
            own_means.mean(),
            np.sqrt(_variance_of_mean(own_means) + own_rows),
            ahead.mean(),
            np.sqrt(_variance_of_mean(ahead) + own_rows + other_rows),
        )
    return KindMeans(compared, counts[compared], *found)


def _variance_of_mean(repeated: FloatVector) -> float:
    """Of a mean over few repetitions, widened as everywhere."""
    n = len(repeated)
    return float(repeated.var(ddof=1)) / n * students_widening(n - 1)
