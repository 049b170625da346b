"""What a chart says, apart from how it is drawn."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["bars", "intervals", "line", "histogram", "scatter"]
BINS_MAX = 40
# Longer names are broken into lines, so that they leave room for the drawing.
NAME_WIDTH = 26
NARROW_SPACE = "\u202f"


@dataclass(frozen=True)
class Series:
    """Points of one name, in order.

    Attributes:
        name: What the points share, such as a seller or a rule.
        x: Names or numbers; of a histogram the middles of its bins, equally wide.
        y: One number a point, in the unit of the chart's ``y_title``.
        low: Lower ends of the intervals, where the numbers are estimates.
        high: Upper ends.
    """

    name: str
    x: tuple[float | str, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Chart:
    """One finding as a picture.

    Bars and intervals whose ``x`` are names lie on their side, so that long names can be read; ``x_title`` and
    ``y_title`` keep belonging to ``x`` and ``y``.

    Attributes:
        kind: How the points are drawn.
        title: The finding, as a sentence.
        x_title: What ``x`` is, with its unit.
        y_title: What ``y`` is, with its unit.
        series: What is drawn, in the order of the colours.
        alternative: What somebody who does not see the picture should know.
        coloured: Whether each series or, where the points are sellers, each point has its colour.
        largest_first: Whether names run down the page by the numbers of the first series, not in the order given; each
            keeps the colour of its place.
        thousands: What parts the thousands of ``y``: counts have a narrow space, amounts a comma.
    """

    kind: Kind
    title: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    alternative: str
    coloured: Literal["series", "points"] = "series"
    largest_first: bool = False
    thousands: str = NARROW_SPACE

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(series.x for series in self.series)

    @property
    def lies_on_its_side(self) -> bool:
        """Whether names run down the page and numbers across it."""
        named = any(isinstance(x, str) for series in self.series for x in series.x)
        return named and self.kind in {"bars", "intervals"}

    @property
    def names(self) -> list[str]:
        """The names that run down the page, each once."""
        named = list(dict.fromkeys(str(x) for series in self.series for x in series.x))
        if not self.largest_first or not self.series:
            return named
        first = self.series[0]
        sizes = dict(zip(map(str, first.x), first.y, strict=True))
        return sorted(named, key=lambda name: -sizes.get(name, -math.inf))

    @property
    def has_intervals(self) -> bool:
        """Whether any number comes with the ends of its interval."""
        return any(series.low is not None for series in self.series)


def name_lines(name: str) -> list[str]:
    """Break a name into lines that fit beside the drawing, three at most."""
    return textwrap.wrap(name, NAME_WIDTH, max_lines=3, placeholder=" …") or [""]


def histogram_series(name: str, values: Sequence[float], *, bins: int | None = None) -> Series:
    """Count values in equally wide bins: how many fall into each, with the bins' middles as ``x``."""
    if not len(values):
        return Series(name, (), ())
    wanted = bins or min(BINS_MAX, max(1, round(len(values) ** 0.5)))
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), bins=wanted)
    middles = (edges[:-1] + edges[1:]) / 2
    return Series(name, tuple(float(x) for x in middles), tuple(float(y) for y in counts))
