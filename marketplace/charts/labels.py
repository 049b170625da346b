"""Where the names of lone points stand beside them: a name is read sooner there than in a legend."""

from typing import Literal, NamedTuple

from marketplace.charts.chart import Chart

Side = Literal["left", "right"]

# Parts of the drawing's width and height, for letters of 14 px in 640 by 300 px.
LETTER = 0.0125
LINE = 0.06
GAP = 0.02
POINT = 0.012
PADDING = 0.05


class _Box(NamedTuple):
    left: float
    right: float
    low: float
    high: float

    def touches(self, other: "_Box") -> bool:
        return self.left < other.right and other.left < self.right and self.low < other.high and other.low < self.high


def sides(chart: Chart) -> list[Side] | None:
    """Say for each series of one point where its name has room; None where a legend has to tell them apart.

    A name keeps clear of the edges, of other names, and of every point with its whisker.
    """
    if chart.kind != "scatter" or len(chart.series) < 2 or any(len(each.x) != 1 for each in chart.series):  # noqa: PLR2004
        return None
    marks = _marks(chart)
    names: list[_Box] = []
    found: list[Side] = []
    for place, (series, mark) in enumerate(zip(chart.series, marks, strict=True)):
        taken = [*names, *marks[:place], *marks[place + 1 :]]
        box, side = _beside(mark, _middle(chart, place), len(series.name), taken)
        if box is None or side is None:
            return None
        names.append(box)
        found.append(side)
    return found


def _marks(chart: Chart) -> list[_Box]:
    """Each point with its whisker, in parts of the drawing."""
    across = [float(each.x[0]) for each in chart.series]
    lows = [(each.low or each.y)[0] for each in chart.series]
    highs = [(each.high or each.y)[0] for each in chart.series]
    return [
        _Box(_part(x, across) - POINT, _part(x, across) + POINT, _part(low, lows + highs), _part(high, lows + highs))
        for x, low, high in zip(across, lows, highs, strict=True)
    ]


def _middle(chart: Chart, place: int) -> float:
    ends = [end for each in chart.series for end in ((each.low or each.y)[0], (each.high or each.y)[0])]
    return _part(chart.series[place].y[0], ends)


def _part(figure: float, all_figures: list[float]) -> float:
    least, span = min(all_figures), (max(all_figures) - min(all_figures)) or 1.0
    return PADDING + (1 - 2 * PADDING) * (figure - least) / span


def _beside(mark: _Box, middle: float, letters: int, taken: list[_Box]) -> tuple[_Box | None, Side | None]:
    low, high, width = middle - LINE / 2, middle + LINE / 2, letters * LETTER
    candidates: tuple[tuple[_Box, Side], ...] = (
        (_Box(mark.right + GAP, mark.right + GAP + width, low, high), "right"),
        (_Box(mark.left - GAP - width, mark.left - GAP, low, high), "left"),
    )
    for box, side in candidates:
        if box.left >= 0 and box.right <= 1 and not any(box.touches(other) for other in taken):
            return box, side
    return None, None
