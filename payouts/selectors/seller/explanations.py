"""Charts of what decided one seller's value: at which coalition size, and on which class of validation rows."""

import numpy as np

from marketplace.basics.figures import count
from marketplace.charts.chart import Chart, Series
from payouts.models import PayoutLine
from payouts.selectors.seller.size_bins import coarse_parts
from valuation.core.statistics.confidence import normal_quantile
from valuation.documents import SegmentCut, SizeCut
from valuation.selectors.units import axis, in_unit, metric_name, unit_of, written

_QUANTILE = normal_quantile()


def size_chart(line: PayoutLine) -> Chart | None:
    """How much of the value was decided at which coalition size; None for rounds before this was kept."""
    cut, place = line.round.started_run.finished_outcome.by_size, place_of(line)
    if cut is None or place is None:
        return None
    metric = line.round.request.metric
    parts = [in_unit(float(part), metric) for part in cut.contributions[:, place]]
    names, sums = zip(*coarse_parts(cut.edges, parts), strict=True)
    title = _size_finding(cut, parts)
    return Chart(
        kind="bars",
        title=title,
        x_title="Rows that the model had, with yours",
        y_title=axis("Part of your value", metric),
        series=(Series(line.organization.name, names, sums),),
        alternative=f"{title}. Bars of the part of the value by the number of rows in the mixture.",
    )


def class_chart(line: PayoutLine) -> Chart | None:
    """On which classes of the validation rows the value arose; None where the metric is no plain mean of rows."""
    cut, place = line.round.started_run.finished_outcome.by_class, place_of(line)
    if cut is None or place is None:
        return None
    metric = line.round.request.metric
    parts = [in_unit(float(part), metric) for part in cut.contributions[:, place]]
    halves = [in_unit(_QUANTILE * float(error), metric) for error in cut.standard_errors[:, place]]
    title = _class_finding(cut, parts, metric)
    return Chart(
        kind="intervals",
        title=title,
        x_title=f"Class of {cut.column}",
        y_title=axis("Part of your value, 95 % interval of the validation rows", metric),
        series=(
            Series(
                line.organization.name,
                cut.segments,
                tuple(parts),
                low=tuple(part - half for part, half in zip(parts, halves, strict=True)),
                high=tuple(part + half for part, half in zip(parts, halves, strict=True)),
            ),
        ),
        alternative=f"{title}. Dots with intervals, one a class; together they are the value.",
    )


def _size_finding(cut: SizeCut, parts: list[float]) -> str:
    """By which size half of a positive value was decided, or that mixtures of that size moved it most."""
    total = sum(parts)
    if total > 0:
        reached = np.cumsum(parts) >= total / 2
        size = cut.edges[int(reached.argmax()) + 1]
        if size == cut.edges[-1]:
            return "More than half of your value was decided in the largest mixtures"
        return f"Half of your value was decided in mixtures of at most {_rows(size)} out of {count(cut.edges[-1])}"
    name, _ = max(coarse_parts(cut.edges, parts), key=lambda part: abs(part[1]))
    return f"Mixtures of {name} moved your value most"


def _class_finding(cut: SegmentCut, parts: list[float], metric: str) -> str:
    best, worst = int(np.argmax(parts)), int(np.argmin(parts))
    name, unit = metric_name(metric), f" {unit_of(metric)}".rstrip()
    most, least = (f"{_signed(parts[place], metric)}{unit}" for place in (best, worst))
    if parts[worst] >= 0:
        return f"Your rows help most where {cut.column} is {cut.segments[best]}: {most} of {name}"
    if parts[best] <= 0:
        return f"Your rows cost most where {cut.column} is {cut.segments[worst]}: {least} of {name}"
    return (
        f"Your rows help where {cut.column} is {cut.segments[best]} ({most}) "
        f"and cost where it is {cut.segments[worst]} ({least})"
    )


def _signed(figure_in_unit: float, metric: str) -> str:
    """Write a figure that is in its unit already."""
    text = written(figure_in_unit / in_unit(1.0, metric), metric)
    return f"+{text}" if figure_in_unit > 0 else text


def _rows(size: int) -> str:
    return "1 row" if size == 1 else f"{count(size)} rows"


def place_of(line: PayoutLine) -> int | None:
    """The seller's index in every array of its run; None where no row of it was valued."""
    return line.round.started_run.manifest.place_of(line.organization_id)
