"""What would add most: which kinds of rows added most each, of a seller's and of all, and where the model is weak.

Of others a seller reads means over many rows of at least three other owners, and rounded scores of the buyer's model
on segments of validation rows; never a count, a row or a value of one of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marketplace.basics.figures import decimals, percent
from marketplace.charts.chart import Chart, Series
from payouts.models import PayoutLine
from payouts.selectors.money.owners import owner_of_each
from payouts.selectors.seller.clear_kinds import clearly_ahead, clearly_behind, did, joint_quantile
from payouts.selectors.seller.explanations import place_of
from payouts.selectors.seller.others_rows import enough_others, kinds_shown
from valuation.core.metrics.registry import facts_of
from valuation.core.statistics.confidence import normal_quantile
from valuation.documents import SegmentCut
from valuation.documents.outcome import TOO_FEW
from valuation.selectors.row_kinds import ColumnKinds, KindMean, row_kinds
from valuation.selectors.units import axis, in_unit, metric_name, unit_of

_QUANTILE = normal_quantile()


@dataclass(frozen=True)
class ClearKind:
    """A kind that is clearly ahead of a seller's other rows, as a row of the table; all but the first are figures."""

    where: str
    each: str
    between: str
    other_rows: str
    everybody: str
    model: str


@dataclass(frozen=True)
class MostAdded:
    """The finding in sentences, its chart, other columns of which one kind is clearly ahead, and how gains shrink."""

    sentences: list[str]
    chart: Chart
    others: list[ClearKind]
    shrinking: str


def most_added(line: PayoutLine) -> MostAdded | None:
    """What the round knows; None where it kept no means of rows, or this seller's are too few to tell kinds apart."""
    place, columns = place_of(line), row_kinds(line.round.started_run)
    if place is None:
        return None
    target = line.round.request.target
    told = [column for column in columns if column.sellers[place]]
    # The classes come first; where the target is a number, the column of the kind that is the most clearly ahead.
    told.sort(key=lambda column: (column.column != target, -max(m.surely_ahead for m in column.sellers[place])))
    return _Reading(line, place, told).in_words() if told else None


@dataclass(frozen=True)
class _Reading:
    """One seller's line with the columns of which its rows tell anything."""

    line: PayoutLine
    place: int
    columns: Sequence[ColumnKinds]

    def in_words(self) -> MostAdded:
        first = self.columns[0]
        told = self._ahead(first) or clearly_behind(first.sellers[self.place], self._quantile)
        title = f"None of your rows stand out by {first.column}"
        if told is not None:
            title = f"Of your rows, those with {first.column} {told.kind} {did(told)}"
        rest = [(column, self._ahead(column)) for column in self.columns[1:]]
        return MostAdded(
            sentences=[*self._own(first), *self._everybody(first), *self._weakest()],
            chart=self._chart(first, title),
            others=[self._row(column, best) for column, best in rest if best is not None],
            shrinking=self._shrinking(),
        )

    @cached_property
    def metric(self) -> str:
        return self.line.round.request.metric

    @cached_property
    def _quantile(self) -> float:
        """The more kinds are compared, the likelier chance puts one ahead: all comparisons together keep the level."""
        return joint_quantile(sum(len(column.sellers[self.place]) for column in self.columns))

    @cached_property
    def _everybodys_quantile(self) -> float:
        """The same for all sellers' rows, of which more kinds were compared than are shown."""
        return joint_quantile(sum(len(column.all) for column in self.columns))

    @cached_property
    def _owners(self) -> list[int | None]:
        """The owner of each of the run's sellers, as frozen when the round was computed."""
        keys = owner_of_each(self.line.round)
        return [keys.get(seller.organization_id) for seller in self.line.round.started_run.manifest.sellers]

    def _shown(self, column: ColumnKinds) -> list[KindMean]:
        return kinds_shown(column, self._owners, self.line.owner_key)

    @cached_property
    def _cuts(self) -> dict[str, SegmentCut]:
        """The buyer's validation rows by column, where the model's scores there would tell of no single other owner."""
        run = self.line.round.started_run
        if not enough_others(self._owners, self.line.owner_key):
            return {}
        outcome = run.finished_outcome
        cuts = [*([outcome.by_class] if outcome.by_class else []), *outcome.by_segment]
        return {cut.column: cut for cut in cuts if cut.scores is not None}

    def _ahead(self, column: ColumnKinds) -> KindMean | None:
        return clearly_ahead(column.sellers[self.place], self._quantile)

    # -- sentences

    def _own(self, column: ColumnKinds) -> list[str]:
        means = column.sellers[self.place]
        ahead, behind = self._ahead(column), clearly_behind(means, self._quantile)
        if ahead is not None:
            return [self._told("Of your rows", column, ahead)]
        if behind is not None:
            return [
                f"By {column.column}, no kind of your rows was clearly ahead of your other rows.",
                self._told("Of your rows", column, behind),
            ]
        nothing = f"By {column.column}, no kind of your rows added clearly more or less than your other rows"
        return [f"{nothing}: what they added each differs by no more than chance explains."]

    def _everybody(self, column: ColumnKinds) -> list[str]:
        shown = self._shown(column)
        if not shown:
            return []
        best = clearly_ahead(shown, self._everybodys_quantile)
        if best is None:
            return [f"Of all sellers' rows, none of the kinds of {column.column} shown here was clearly ahead."]
        return [self._told("Of all sellers' rows", column, best)]

    def _told(self, of: str, column: ColumnKinds, mean: KindMean) -> str:
        each, between = self._each(mean)
        return (
            f"{of}, those with {column.column} {mean.kind} {did(mean)}: {each}{self._unit} each (between {between}), "
            f"the others {self._figure(mean.mean - mean.ahead, mean)}."
        )

    def _weakest(self) -> list[str]:
        """Where the model is weakest by the first column, and by all the others; of one segment alone nothing."""
        first = self.columns[0].column
        sentences = []
        ends = self._ends([cut for column, cut in self._cuts.items() if column == first])
        if ends is not None:
            (weak, low), (strong, high) = ends
            against = f", against {self._score(high)} where {strong}" if self._score(low) != self._score(high) else ""
            sentences.append(
                f"With everybody's rows in, the buyer's model is weakest where {weak}: {self._scored(low)}{against}."
            )
        ends = self._ends([cut for column, cut in self._cuts.items() if column != first])
        if ends is not None:
            weak, low = ends[0]
            start = "By the other columns it" if sentences else "With everybody's rows in, the buyer's model"
            sentences.append(f"{start} is weakest where {weak}: {self._scored(low)}.")
        return sentences

    def _ends(self, cuts: Sequence[SegmentCut]) -> tuple[tuple[str, float], tuple[str, float]] | None:
        """The segments with the lowest and the highest score; None where fewer than two can be named."""
        scored = [
            (f"{cut.column} is {segment}", float(score))
            for cut in cuts
            if cut.scores is not None
            for segment, score in zip(cut.segments, cut.scores, strict=True)
            if segment != TOO_FEW
        ]
        if len(scored) < 2:  # noqa: PLR2004 - one segment is no comparison
            return None
        return min(scored, key=lambda each: each[1]), max(scored, key=lambda each: each[1])

    def _scored(self, score: float) -> str:
        if facts_of(self.metric).counts_hits:
            return f"right on {self._score(score)} of the validation rows there"
        return f"{self._score(score)} on the validation rows there"

    def _score(self, score: float) -> str:
        if facts_of(self.metric).counts_hits:
            return _coarse(score, self.metric)
        return f"{_coarse(score, self.metric)} of {metric_name(self.metric)}"

    def _shrinking(self) -> str:
        """How much less a row of the second half of all rows added than one of the first, by the learning curve."""
        cut = self.line.round.started_run.finished_outcome.by_size
        if cut is None or not self._cuts:
            return ""
        rows = float(cut.curve.rows[-1])
        start, middle, end = np.interp([0.0, rows / 2, rows], cut.curve.rows, cut.curve.utilities).tolist()
        first, second = (middle - start) * 2 / rows, (end - middle) * 2 / rows
        if second >= first:
            return ""
        digits = self._digits(first)
        first_half, second_half = (decimals(in_unit(each, self.metric), digits) for each in (first, second))
        if round(in_unit(second, self.metric), digits) == 0:
            second_half = "next to nothing"
        return (
            f"The first half of all rows, whichever they were, added {first_half}{self._unit} each, the second half "
            f"{second_half}."
        )

    # -- figures

    @property
    def _unit(self) -> str:
        return f" {unit_of(self.metric) or 'of ' + metric_name(self.metric)}"

    def _each(self, mean: KindMean) -> tuple[str, str]:
        half = _QUANTILE * mean.standard_error
        low, high = (self._figure(end, mean) for end in (mean.mean - half, mean.mean + half))
        return self._figure(mean.mean, mean), f"{low} and {high}"

    def _figure(self, figure: float, beside: KindMean) -> str:
        """Write a value of one row with the digits that two significant ones of the larger figure beside it need."""
        digits = self._digits(max(abs(beside.mean), beside.standard_error))
        return decimals(in_unit(figure, self.metric), digits)

    def _digits(self, figure: float) -> int:
        """Decimals that show two significant digits of a figure in its unit."""
        size = abs(in_unit(figure, self.metric))
        return max(0, 1 - math.floor(math.log10(size))) if size else 2

    def _row(self, column: ColumnKinds, best: KindMean) -> ClearKind:
        each, between = self._each(best)
        everybody = next((mean for mean in self._shown(column) if mean.kind == best.kind), None)
        return ClearKind(
            where=f"{column.column} {best.kind}",
            each=each,
            between=between,
            other_rows=self._figure(best.mean - best.ahead, best),
            everybody="" if everybody is None else self._figure(everybody.mean, best),
            model=self._model_where(column.column, best.kind),
        )

    def _model_where(self, column: str, kind: str) -> str:
        cut = self._cuts.get(column)
        if cut is None or cut.scores is None or kind not in cut.segments:
            return ""
        score = _coarse(float(cut.scores[cut.segments.index(kind)]), self.metric)
        return f"right on {score}" if facts_of(self.metric).counts_hits else score

    def _chart(self, column: ColumnKinds, title: str) -> Chart:
        series = [self._series(self.line.organization.name, column.sellers[self.place])]
        shown = self._shown(column)
        if shown:
            series.append(self._series("All sellers", shown))
        return Chart(
            kind="intervals",
            title=title,
            x_title=column.column.capitalize(),
            y_title=axis("Value of one row, 95 % interval", self.metric),
            series=tuple(series),
            alternative=f"{title}. Dots with intervals of the mean value of a row, one a kind.",
        )

    def _series(self, name: str, means: Sequence[KindMean]) -> Series:
        def figures(sign: float) -> tuple[float, ...]:
            return tuple(in_unit(mean.mean + sign * _QUANTILE * mean.standard_error, self.metric) for mean in means)

        return Series(name, tuple(mean.kind for mean in means), figures(0), low=figures(-1), high=figures(1))


def _coarse(score: float, metric: str) -> str:
    """A score on a segment, too coarse to tell how many private rows it holds, as an interval or more digits would."""
    if facts_of(metric).counts_hits:
        return percent(score, 0)
    digits = 1 - math.floor(math.log10(abs(score))) if score else 0
    return decimals(round(score, digits), max(0, digits))
