"""Values cut by segments of the validation rows, such as the classes of the target."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.results import GroupValues
from valuation.core.statistics.validation_sample import apart_of, in_common


@dataclass(frozen=True, eq=False)
class SegmentContributions:
    """What each segment of the validation rows has to do with each value.

    Attributes:
        contributions: float64 ``(n_segments, n_groups)``, in metric units; columns sum to the values of the groups.
        standard_errors: float64 ``(n_segments, n_groups)``: error because the rows of each segment are a sample of
            such rows; how many there are of each is taken as it is. Without ``halves`` they hold the noise of sampled
            coalitions besides, and are too large.
        total_standard_errors: float64 ``(n_segments,)``: the same of all groups together.
    """

    contributions: FloatMatrix
    standard_errors: FloatMatrix
    total_standard_errors: FloatVector


def by_segment(
    values: GroupValues,
    segments: npt.NDArray[np.int64],
    n_segments: int,
    *,
    halves: tuple[FloatMatrix, FloatMatrix] | None = None,
) -> SegmentContributions | None:
    """Cut values by segments of the validation rows.

    A metric that is a mean over ``m`` rows makes every value a mean of row contributions, so the rows of segment ``c``
    hold ``sum_{r in c} contribution[g, r] / m`` of the value of group ``g``.

    Args:
        values: Values with their contributions per validation row.
        segments: Segment of each validation row, int64 ``(m,)``, within ``0..n_segments-1``.
        n_segments: Number of segments; one without rows holds nothing.
        halves: The contributions by each half of the draws, float64 ``(n_groups, m)`` twice
            (:meth:`~valuation.core.fgsv.plan.FgsvPlan.half_contributions`); ``None`` where nothing was sampled.

    Returns:
        The parts of the values, or ``None`` where there are no row contributions. Ask only where the metric is a plain
        mean of rows (``MetricFacts.mean_of_rows``): linearised scores sum to the values as well, and their parts mean
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
    together = None if halves is None else (_together(halves[0]), _together(halves[1]))
    return SegmentContributions(
        contributions=parts,
        standard_errors=_standard_errors(segments, n_segments, values.contributions, halves),
        total_standard_errors=_standard_errors(segments, n_segments, _together(values.contributions), together)[:, 0],
    )


def _together(contributions: FloatMatrix) -> FloatMatrix:
    return np.asarray(contributions.sum(axis=0, keepdims=True))


def _standard_errors(
    segments: IndexVector,
    n_segments: int,
    contributions: FloatMatrix,
    halves: tuple[FloatMatrix, FloatMatrix] | None,
) -> FloatMatrix:
    """Of the sums over the rows of each segment, divided by m, ``(n_segments, n_groups)``.

    Given how many rows a segment has they are a simple random sample of such rows. Were their number random too, so
    would be what constants score (the frequencies of the classes, their weights), of which no row's contribution tells.
    Fewer than four rows say nothing of their spread: their own size stands for that; of more, it is widened by
    Student's variance. What two halves of the draws have in common is no noise of sampled coalitions.
    """
    apart = apart_of(contributions, segments)
    of_halves = () if halves is None else tuple(apart_of(half, segments) for half in halves)
    variances = np.zeros((n_segments, len(contributions)))
    for segment in range(n_segments):
        rows = segments == segment
        variances[segment] = (apart[:, rows] ** 2).sum(axis=1)
        if of_halves and rows.any():
            first, second = (half[:, rows] for half in of_halves)
            in_both = np.diag(in_common(np.diag(variances[segment]), first, second))
            # Noise only ever adds: in few rows the scatter of products may claim more than all draws show.
            variances[segment] = np.minimum(variances[segment], in_both)
    return np.asarray(np.sqrt(variances) / contributions.shape[1])
