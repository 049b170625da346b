"""Values cut by segments of the validation rows, such as the classes of the target."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.few_draws import few_draws_factor
from valuation.core.games import FloatMatrix, FloatVector
from valuation.core.results import GroupValues
from valuation.core.validation_sample import STRATUM_ROWS_MIN


@dataclass(frozen=True, eq=False)
class SegmentContributions:
    """What each segment of the validation rows has to do with each value.

    Attributes:
        contributions: float64 ``(n_segments, n_groups)``, in metric units; columns sum to the values of the groups.
        standard_errors: float64 ``(n_segments, n_groups)``: error because the rows of each segment are a sample of
            such rows; how many there are of each is taken as it is.
        total_standard_errors: float64 ``(n_segments,)``: the same of all groups together.
    """

    contributions: FloatMatrix
    standard_errors: FloatMatrix
    total_standard_errors: FloatVector


def by_segment(values: GroupValues, segments: npt.NDArray[np.int64], n_segments: int) -> SegmentContributions | None:
    """Cut values by segments of the validation rows.

    A metric that is a mean over ``m`` rows makes every value a mean of row contributions, so the rows of segment ``c``
    hold ``sum_{r in c} contribution[g, r] / m`` of the value of group ``g``.

    Args:
        values: Values with their contributions per validation row.
        segments: Segment of each validation row, int64 ``(m,)``, within ``0..n_segments-1``.
        n_segments: Number of segments; one without rows holds nothing.

    Returns:
        The parts of the values, or ``None`` where there are no row contributions. Ask only where the metric is a plain
        mean of rows (``game.metric.mean_of_rows``): linearised scores sum to the values as well, and their parts mean
        nothing.

    Raises:
        InvalidDataError: A validation row has no segment: there are more or fewer segments than rows, or one lies
            outside ``0..n_segments-1``.

    Note:
        What rounding leaves of the values is spread by rows.
    """
    if values.contributions is None:
        return None
    m = values.contributions.shape[1]
    segments = np.asarray(segments)
    if segments.shape != (m,) or segments.dtype.kind not in "iu":
        raise InvalidDataError(
            f"Segments are {segments.dtype} {segments.shape}; expected the segment's number for each of {m} rows."
        )
    if segments.min(initial=0) < 0 or segments.max(initial=0) >= n_segments:
        raise InvalidDataError(f"Segments must lie in 0..{n_segments - 1}, or their parts would not sum to the values.")
    member = (segments == np.arange(n_segments)[:, None]).astype(np.float64)
    parts = member @ values.contributions.T / m
    parts += np.outer(member.sum(axis=1) / m, values.values - parts.sum(axis=0))
    together = values.contributions.sum(axis=0, keepdims=True)
    return SegmentContributions(
        contributions=parts,
        standard_errors=_standard_errors(member, values.contributions),
        total_standard_errors=_standard_errors(member, together)[:, 0],
    )


def _standard_errors(member: FloatMatrix, contributions: FloatMatrix) -> FloatMatrix:
    """Of the sums over the rows of each segment, divided by m, ``(n_segments, n_groups)``.

    Given how many rows a segment has they are a simple random sample of such rows. Were their number random too, so
    would be what constants score (the frequencies of the classes, their weights), of which no row's contribution tells.
    Fewer than four rows say nothing of their spread: their own size stands for that; of more, it is widened by
    Student's variance.
    """
    sizes = member.sum(axis=1, keepdims=True)
    means = member @ contributions.T / np.maximum(sizes, 1.0)
    squares = member @ (contributions**2).T
    widened = np.array([[few_draws_factor(size - 1)] for size in sizes[:, 0].tolist()])
    variances = widened * (squares - sizes * means**2) / np.maximum(sizes - 1.0, 1.0)
    sums = np.where(sizes < STRATUM_ROWS_MIN, squares, sizes * np.maximum(variances, 0.0))
    return np.asarray(np.sqrt(sums) / member.shape[1])
