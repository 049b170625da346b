"""What a request's data did to the buyer's model: scores, what each seller adds, rows and classes. No seller's row.

Sellers stay numbered: before the round a buyer sees totals only, and a name would tell who brought what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from marketplace.basics.figures import count, percent
from marketplace.charts.chart import Chart, Series
from marketplace.models import DataRequest, Role, User
from marketplace.selectors.access import is_operator, organizations_of
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.round.findings import added_finding
from payouts.selectors.round.why import nothing_shared_among
from valuation.core.statistics.confidence import normal_quantile
from valuation.documents import SegmentCut
from valuation.models import ValuationRun
from valuation.selectors.runs import Array
from valuation.selectors.units import axis, digits_of, in_unit, metric_name, unit_of

_QUANTILE = normal_quantile()
# The learning curve's finding names the rows that bring this part of the gain.
_MOST = 0.8
# With two sellers the curve says what the table of scores says.
_SELLERS_REMOVED_MIN = 3
# Between two points of the drawn curve the rows grow by this much: near all rows the run's own points lie closer than
# their noise.
_GROWTH = 1.15


@dataclass(frozen=True)
class SellerResult:
    """One seller, numbered: its rows, and the score when only its rows are left out, in the unit of the metric."""

    number: int
    rows: int
    without: float
    value: float
    low: float
    high: float

    @property
    def label(self) -> str:
        return f"Seller {self.number}"


@dataclass(frozen=True)
class Part:
    """What a seller adds on one class, and the half-width of its 95 % interval over validation rows."""

    segment: str
    value: float
    half_width: float


@dataclass(frozen=True)
class PartsRow:
    """What a seller adds on each class."""

    label: str
    cells: list[Part]


@dataclass(frozen=True)
class ClassParts:
    """What each seller adds on each class of the target."""

    column: str
    segments: tuple[str, ...]
    rows: list[PartsRow]


@dataclass(frozen=True)
class BuyerResults:
    """One settled round as the buyer reads it; scores in the unit of the metric."""

    round: PayoutRound
    nothing_shared: str
    metric: str
    unit: str
    digits: int
    with_all: float
    with_nobody: float
    base_rows: int
    rows: int
    sellers: list[SellerResult]
    finding: str
    curve: Chart | None
    removal: Chart | None
    by_class: Chart | None
    class_parts: ClassParts | None
    segment_columns: list[str]


def results_open_to(user: User) -> QuerySet[DataRequest]:
    """Requests whose results a person may read: buyers their own, operators all; a draft has none."""
    requests = DataRequest.objects.select_related("buyer").exclude(state__in=DataRequest.UNOPENED)
    return requests if is_operator(user) else requests.filter(buyer__in=organizations_of(user, Role.BUYER))


def settled_rounds(request: DataRequest) -> QuerySet[PayoutRound]:
    """The rounds of a request whose results are facts, the newest first."""
    return (
        request.rounds.filter(state__in=PayoutRound.SETTLED)
        .select_related("request", "run", "audit_report")
        .order_by("-posted_at")
    )


def buyer_results(payout_round: PayoutRound) -> BuyerResults:
    """Everything the page shows of a settled round."""
    metric = payout_round.request.metric
    figures = payout_round.audit_report.figures
    run = payout_round.started_run
    sellers = _sellers(payout_round, metric)
    outcome = run.finished_outcome
    return BuyerResults(
        round=payout_round,
        nothing_shared=nothing_shared_among(payout_round, [line.reason for line in payout_round.lines.all()]),
        metric=metric_name(metric),
        unit=unit_of(metric),
        digits=digits_of(metric),
        with_all=in_unit(figures.utility_full, metric),
        with_nobody=in_unit(figures.utility_empty, metric),
        base_rows=payout_round.request.base_rows,
        rows=sum(seller.rows for seller in sellers),
        sellers=sellers,
        finding=added_finding(
            [{"label": each.label, "value": each.value, "low": each.low, "high": each.high} for each in sellers]
        ),
        curve=_curve(run, metric),
        removal=_removal(run, metric),
        by_class=_segment_chart(outcome.by_class, metric) if outcome.by_class else None,
        class_parts=_class_parts(outcome.by_class, sellers, metric) if outcome.by_class else None,
        segment_columns=[cut.column for cut in outcome.by_segment],
    )


def segment_chart(payout_round: PayoutRound, column: str) -> Chart | None:
    """What the sellers together add on each value of one column of the validation rows."""
    cuts = {cut.column: cut for cut in payout_round.started_run.finished_outcome.by_segment}
    return _segment_chart(cuts[column], payout_round.request.metric) if column in cuts else None


def _sellers(payout_round: PayoutRound, metric: str) -> list[SellerResult]:
    """The sellers, who adds most first, numbered as in the round's lines."""
    figures = payout_round.audit_report.figures
    return [
        SellerResult(
            number=line.number,
            rows=line.rows,
            without=in_unit(figures.utility_full - figures.margin_of(line.organization_id), metric),
            value=in_unit(line.value, metric),
            low=in_unit(_lower(line), metric),
            high=in_unit(_upper(line), metric),
        )
        for line in sorted(payout_round.lines.all(), key=lambda line: (-line.value, line.number))
        # Sellers of whom no row was valued have a line, and nothing that the model could show.
        if figures.place_of(line.organization_id) is not None
    ]


def _lower(line: PayoutLine) -> float:
    """The wider of both intervals, because either error may hide what a seller adds."""
    ends = (line.value_lower, line.value_validation_lower)
    return min(end for end in ends if end is not None)


def _upper(line: PayoutLine) -> float:
    ends = (line.value_upper, line.value_validation_upper)
    return max(end for end in ends if end is not None)


def _curve(run: ValuationRun, metric: str) -> Chart | None:
    """The mean score of a model on so many random rows of all sellers."""
    cut = run.finished_outcome.by_size
    if cut is None:
        return None
    kept = _spread_out(cut.curve.rows)
    rows, utilities = cut.curve.rows[kept], cut.curve.utilities[kept]
    gains = utilities - utilities[0]
    title = "More rows did not raise the score"
    if gains[-1] > 0:
        enough = float(rows[int((gains >= _MOST * gains[-1]).argmax())])
        title = (
            f"The first {count(round(enough))} of {count(round(float(rows[-1])))} rows "
            f"bring {percent(_MOST, 0)} of the gain"
        )
    return Chart(
        kind="line",
        title=title,
        x_title="Rows, drawn at random from all sellers",
        y_title=axis("Mean score", metric),
        series=(Series("Mean score", tuple(float(size) for size in rows), _figures(utilities, metric)),),
        alternative=f"{title}. A line of the mean score by the number of training rows.",
    )


def _removal(run: ValuationRun, metric: str) -> Chart | None:
    """The score as sellers leave one after the other, in both orders of what they add."""
    curves = run.finished_outcome.removal
    if curves is None or len(curves.best_first) < _SELLERS_REMOVED_MIN + 1:
        return None
    best_first, worst_first = curves.best_first, curves.worst_first
    few = int(worst_first[1:].argmax()) + 1
    title = "Every seller left out costs score"
    if worst_first[few] > worst_first[0]:
        who = "seller who adds" if few == 1 else f"{count(few)} sellers who add"
        title = f"Without the {who} least the score is no worse"
    left_out = tuple(float(number) for number in range(len(best_first)))
    return Chart(
        kind="line",
        title=title,
        x_title="Sellers left out",
        y_title=axis("Score", metric),
        series=(
            Series("Those who add most first", left_out, _figures(best_first, metric)),
            Series("Those who add least first", left_out, _figures(worst_first, metric)),
        ),
        alternative=f"{title}. Two lines of the score by the number of sellers left out.",
    )


def _spread_out(rows: Array) -> list[int]:
    """Places of points far enough apart, the first and the last among them."""
    kept = [0]
    for place in range(1, len(rows) - 1):
        if rows[place] >= _GROWTH * rows[kept[-1]] and rows[-1] >= _GROWTH * rows[place]:
            kept.append(place)
    return [*kept, len(rows) - 1]


def _segment_chart(cut: SegmentCut, metric: str) -> Chart:
    """What all sellers together add on each segment."""
    parts = cut.contributions.sum(axis=1)
    best, worst = int(np.argmax(parts)), int(np.argmin(parts))
    title = f"The data helps most where {cut.column} is {cut.segments[best]}"
    if parts[worst] < 0:
        title += f", and costs where it is {cut.segments[worst]}"
    halves = _QUANTILE * cut.total_standard_errors
    return Chart(
        kind="intervals",
        title=title,
        x_title=cut.column.capitalize(),
        y_title=axis("Part of the gain, 95 % interval of the validation rows", metric),
        series=(
            Series(
                "All sellers",
                cut.segments,
                _figures(parts, metric),
                low=_figures(parts - halves, metric),
                high=_figures(parts + halves, metric),
            ),
        ),
        alternative=f"{title}. What all sellers together add on each value; all values together are the whole gain.",
    )


def _figures(numbers: Array, metric: str) -> tuple[float, ...]:
    return tuple(in_unit(float(each), metric) for each in numbers)


def _class_parts(cut: SegmentCut, sellers: Sequence[SellerResult], metric: str) -> ClassParts:
    def cells(seller: SellerResult) -> list[Part]:
        place = seller.number - 1
        halves = _figures(_QUANTILE * cut.standard_errors[:, place], metric)
        parts = _figures(cut.contributions[:, place], metric)
        return [Part(*found) for found in zip(cut.segments, parts, halves, strict=True)]

    return ClassParts(cut.column, cut.segments, [PartsRow(seller.label, cells(seller)) for seller in sellers])
