"""What would add most: which kinds of rows added most each, of a seller's and of all, and where the model is weak.

Of others a seller reads means over many rows of at least three other owners, and scores of the buyer's model on
segments of validation rows as its result by class does; never a count, a row or a value of one of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marketplace.charts.chart import Chart, Series
from marketplace.templatetags.figures import decimals, percent
from payouts.models import PayoutLine
from payouts.selectors.explanations import place_of
from valuation.core.results import normal_quantile
from valuation.selectors import runs as valuation
from valuation.selectors.row_kinds import ColumnKinds, KindMean, row_kinds
from valuation.selectors.runs import COUNTING_METRICS, TOO_FEW, SegmentCut
from valuation.selectors.units import axis, in_unit, metric_name, unit_of, written

# From a mean over two owners each could work out the other's.
OTHER_OWNERS_MIN = 3
_LEVEL = 0.95
_QUANTILE = normal_quantile(_LEVEL)


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
    # The classes come first; where the target is a number, the column whose best kind is the most clearly ahead.
    told.sort(key=lambda column: (column.column != target, -_best(column.sellers[place]).surely_ahead))
    return _Finding(line, place, told).found() if told else None


@dataclass(frozen=True)
class _Finding:
    """One seller's line with the columns of which its rows tell anything."""

    line: PayoutLine
    place: int
    columns: Sequence[ColumnKinds]

    def found(self) -> MostAdded:
        first = self.columns[0]
        best = _best(first.sellers[self.place])
        title = f"None of your rows stand out by {first.column}"
        if self._is_clear(best):
            title = f"Of your rows, those with {first.column} {best.kind} {_did(best)}"
        return MostAdded(
            sentences=[self._own(first, best), *self._everybody(first), *self._weakest()],
            chart=self._chart(first, title),
            others=[self._row(column) for column in self.columns[1:] if self._is_clear(self._best_of(column))],
            shrinking=self._shrinking(),
        )

    @cached_property
    def metric(self) -> str:
        return self.line.round.request.metric

    @cached_property
    def _quantile(self) -> float:
        """The more kinds are compared, the likelier chance puts one ahead: all comparisons together keep the level."""
        compared = sum(len(column.sellers[self.place]) for column in self.columns)
        return normal_quantile(1 - (1 - _LEVEL) / compared)

    @cached_property
    def _owners(self) -> list[int | None]:
        """The owner of each of the run's sellers, as frozen when the round was computed."""
        keys = dict(self.line.round.lines.values_list("organization_id", "owner_key"))
        return [keys.get(seller["organization_id"]) for seller in self.line.round.started_run.manifest["sellers"]]

    def _many_others(self, places: Sequence[int]) -> bool:
        return len({self._owners[place] for place in places} - {self.line.owner_key}) >= OTHER_OWNERS_MIN

    def _shown(self, column: ColumnKinds) -> list[KindMean]:
        """Everybody's means of the kinds that enough other owners hold."""
        holders = {
            mean.kind: [
                place for place, means in enumerate(column.sellers) if any(each.kind == mean.kind for each in means)
            ]
            for mean in column.all
        }
        return [mean for mean in column.all if self._many_others(holders[mean.kind])]

    @cached_property
    def _cuts(self) -> dict[str, SegmentCut]:
        """The buyer's validation rows by column, where the model's scores there would tell of no single other owner."""
        run = self.line.round.started_run
        if not self._many_others(range(len(self._owners))):
            return {}
        by_class = valuation.by_class(run)
        cuts = [*([by_class] if by_class else []), *valuation.by_segment(run)]
        return {cut.column: cut for cut in cuts if cut.scores is not None}

    def _best_of(self, column: ColumnKinds) -> KindMean:
        return _best(column.sellers[self.place])

    def _is_clear(self, best: KindMean) -> bool:
        return best.surely_ahead > self._quantile

    # -- sentences

    def _own(self, column: ColumnKinds, best: KindMean) -> str:
        if not self._is_clear(best):
            return (
                f"By {column.column}, no kind of your rows added clearly more than your other rows: what they added "
                "each differs by no more than chance explains."
            )
        each, between = self._each(best)
        return (
            f"Of your rows, those with {column.column} {best.kind} {_did(best)}: {each}{self._unit} each (between "
            f"{between}), the others {self._figure(best.mean - best.ahead, best)}."
        )

    def _everybody(self, column: ColumnKinds) -> list[str]:
        shown = self._shown(column)
        if not shown:
            return []
        best = _best(shown)
        if best.surely_ahead <= _QUANTILE:
            return [f"Of all sellers' rows no kind of {column.column} was clearly ahead."]
        each, between = self._each(best)
        others = self._figure(best.mean - best.ahead, best)
        which = f"Of all sellers' rows, those with {column.column} {best.kind} {_did(best)}"
        return [f"{which}: {each}{self._unit} each (between {between}), the others {others}."]

    def _weakest(self) -> list[str]:
        """Where the model is weakest by the first column, and by all the others."""
        first = self.columns[0].column
        sentences = []
        if first in self._cuts:
            (weak, score), (strong, best) = self._ends([self._cuts[first]])
            sentences.append(
                f"With everybody's rows in, the buyer's model is weakest where {weak}: {self._scored(score)}, "
                f"against {self._score(best[0])} where {strong}."
            )
        others = [cut for column, cut in self._cuts.items() if column != first]
        if others:
            (weak, score), _ = self._ends(others)
            start = "By the other columns it" if sentences else "With everybody's rows in, the buyer's model"
            sentences.append(f"{start} is weakest where {weak}: {self._scored(score)}.")
        return sentences

    def _ends(self, cuts: Sequence[SegmentCut]) -> tuple[tuple[str, tuple[float, float]], ...]:
        """The segments with the lowest and the highest score, each with the score and its error."""
        scored = [
            (f"{cut.column} is {segment}", (float(score), float(error)))
            for cut in cuts
            if cut.scores is not None and cut.score_standard_errors is not None
            for segment, score, error in zip(cut.segments, cut.scores, cut.score_standard_errors, strict=True)
            if segment != TOO_FEW
        ]
        return min(scored, key=lambda each: each[1][0]), max(scored, key=lambda each: each[1][0])

    def _scored(self, score: tuple[float, float]) -> str:
        mean, half = score[0], _QUANTILE * score[1]
        if self.metric in COUNTING_METRICS:
            low, high = (percent(min(max(end, 0.0), 1.0)) for end in (mean - half, mean + half))
            return f"right on {self._score(mean)} of the validation rows there (between {low} and {high})"
        low, high = (written(end, self.metric) for end in (mean - half, mean + half))
        return f"{self._score(mean)} on the validation rows there (between {low} and {high})"

    def _score(self, mean: float) -> str:
        if self.metric in COUNTING_METRICS:
            return percent(mean)
        return f"{written(mean, self.metric)} of {metric_name(self.metric)}"

    def _shrinking(self) -> str:
        """How much less a row of the second half of all rows added than one of the first, by the learning curve."""
        cut = valuation.by_size(self.line.round.started_run)
        if cut is None or not self._cuts:
            return ""
        rows = float(cut.curve_rows[-1])
        start, middle, end = np.interp([0.0, rows / 2, rows], cut.curve_rows, cut.curve_utilities).tolist()
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

    def _row(self, column: ColumnKinds) -> ClearKind:
        best = self._best_of(column)
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
        score = float(cut.scores[cut.segments.index(kind)])
        return f"right on {percent(score)}" if self.metric in COUNTING_METRICS else written(score, self.metric)

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


def _best(means: Sequence[KindMean]) -> KindMean:
    return max(means, key=lambda mean: mean.ahead)


def _did(best: KindMean) -> str:
    return "added most" if best.mean > 0 else "cost least"
