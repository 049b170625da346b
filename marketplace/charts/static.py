"""A chart as an SVG that needs no script: for print, PDF, mail, and readers without JavaScript."""

import io
import itertools
import re
import textwrap
import threading
from typing import TYPE_CHECKING, Any

from marketplace.charts import labels
from marketplace.charts.chart import NAME_WIDTH, NARROW_SPACE, Chart, Series, name_lines
from marketplace.charts.palette import CONTROL, INK, INK_QUIET, LIGHT, LINE, place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import Formatter

WIDTH_INCHES = 7.2
HEIGHT_INCHES = 3.6
ROW_INCHES = 0.42
FRAME_INCHES = 0.95
BAR_INCHES = 0.14
LEGEND_ROW_INCHES = 0.22
LEGEND_CHARACTERS = 84
X_TITLE_CHARACTERS = 70
Y_TITLE_CHARACTERS = 40
LINE_STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
# Ids inside the file are hashes of this and the shapes, so that the same chart is the same bytes; letters are drawn as
# shapes, because the reader's machine may lack the font that the layout was computed for.
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "faircut",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK_QUIET,
    "axes.edgecolor": CONTROL,
    "axes.unicode_minus": True,
    "text.parse_math": False,
    "xtick.color": INK_QUIET,
    "ytick.color": INK_QUIET,
}
# matplotlib reads its style while it draws, from one place for the whole process.
_drawing = threading.Lock()


def svg(chart: Chart) -> str:
    """Draw the chart on transparent ground in the light palette, without its title; equal charts give equal text."""
    import matplotlib as mpl  # noqa: PLC0415 - a second of import, for those who draw
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with _drawing, mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, _height(chart)), layout="constrained")
        FigureCanvasSVG(figure)
        _draw(chart, figure.add_subplot())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return written.getvalue()


def _height(chart: Chart) -> float:
    legend = LEGEND_ROW_INCHES * max(0, -(-len(chart.series) // _legend_columns(chart)) - 1)
    if not chart.lies_on_its_side:
        return HEIGHT_INCHES + legend
    bars = len(chart.series) if chart.kind == "bars" else 1
    return FRAME_INCHES + legend + max(ROW_INCHES, BAR_INCHES * bars) * max(2, len(chart.names))


def _legend_columns(chart: Chart) -> int:
    """As many names as fit side by side."""
    longest = max((min(len(series.name), NAME_WIDTH) for series in chart.series), default=1)
    return max(1, min(4, LEGEND_CHARACTERS // (longest + 6)))


def _draw(chart: Chart, axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    if chart.is_empty:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "Nothing to draw yet", ha="center", va="center", color=INK_QUIET)
        return
    if chart.lies_on_its_side:
        _draw_on_its_side(chart, axes)
    else:
        _draw_upright(chart, axes)
    if (named := labels.sides(chart)) is not None:
        _name_points(chart, axes, named)
    elif len(chart.series) > 1:
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=_legend_columns(chart), frameon=False, borderaxespad=0.2
        )


def _draw_on_its_side(chart: Chart, axes: "Axes") -> None:
    names = chart.names
    thickness = 0.65 / len(chart.series)
    for index, series in enumerate(chart.series):
        shift = (index - (len(chart.series) - 1) / 2) * thickness
        rows = [names.index(str(x)) + shift for x in series.x]
        colours = _colours(chart, series, index)
        if chart.kind == "bars":
            axes.barh(rows, series.y, height=thickness * 0.92, color=colours, label=_short(series.name))
        else:
            axes.scatter(series.y, rows, c=colours, s=52, marker=_marker(index), label=_short(series.name), zorder=3)
        if (whiskers := _whiskers(series)) is not None:
            axes.errorbar(series.y, rows, xerr=whiskers, **_WHISKER_STYLE)
    axes.set_yticks(range(len(names)), ["\n".join(name_lines(name)) for name in names], color=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(textwrap.fill(chart.y_title, X_TITLE_CHARACTERS))
    axes.xaxis.set_major_formatter(_grouped(chart.thousands))
    axes.grid(axis="x", color=LINE)
    axes.axvline(0, color=CONTROL, linewidth=1)


def _draw_upright(chart: Chart, axes: "Axes") -> None:
    for index, series in enumerate(chart.series):
        xs: Any = series.x
        colours = _colours(chart, series, index)
        if chart.kind == "line":
            style = LINE_STYLES[index % len(LINE_STYLES)]
            axes.plot(xs, series.y, linestyle=style, linewidth=2, color=_colour(index), label=_short(series.name))
            if series.low is not None and series.high is not None:
                axes.fill_between(xs, series.low, series.high, color=_colour(index), alpha=0.18, linewidth=0)
            continue
        if chart.kind in {"bars", "histogram"}:
            share = 0.98 if chart.kind == "histogram" else 0.65
            axes.bar(xs, series.y, width=share * _step(xs), color=colours, label=_short(series.name))
        else:
            axes.scatter(xs, series.y, c=colours, s=52, marker=_marker(index), label=_short(series.name), zorder=3)
        if (whiskers := _whiskers(series)) is not None:
            axes.errorbar(xs, series.y, yerr=whiskers, **_WHISKER_STYLE)
    axes.set_xlabel(textwrap.fill(chart.x_title, X_TITLE_CHARACTERS))
    axes.set_ylabel(textwrap.fill(chart.y_title, Y_TITLE_CHARACTERS))
    axes.xaxis.set_major_formatter(_grouped(NARROW_SPACE))
    axes.yaxis.set_major_formatter(_grouped(chart.thousands))
    axes.grid(axis="y", color=LINE)
    if any(y < 0 for series in chart.series for y in series.y):
        axes.axhline(0, color=CONTROL, linewidth=1)


_WHISKER_STYLE: dict[str, Any] = {"fmt": "none", "ecolor": INK_QUIET, "elinewidth": 1.6, "capsize": 3.5, "zorder": 2}


def _name_points(chart: Chart, axes: "Axes", sides: list[labels.Side]) -> None:
    for series, side in zip(chart.series, sides, strict=True):
        point, away = (series.x[0], series.y[0]), (9 if side == "right" else -9, 0)
        ends = "left" if side == "right" else "right"
        axes.annotate(series.name, point, xytext=away, textcoords="offset points", ha=ends, va="center")


def _grouped(separator: str) -> "Formatter":
    """Numbers of an axis as the page writes them: never as powers of ten, the thousands apart."""
    from matplotlib.ticker import ScalarFormatter  # noqa: PLC0415

    class Grouped(ScalarFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            sign, whole, part = re.fullmatch(r"(\D*)(\d*)(.*)", super().__call__(x, pos)).groups()  # type: ignore[union-attr]
            return f"{sign}{int(whole):,}".replace(",", separator) + part if whole else f"{sign}{part}"

    grouped = Grouped(useOffset=False)
    grouped.set_scientific(False)
    return grouped


def _colour(index: int) -> str:
    return LIGHT[place(index)]


def _colours(chart: Chart, series: Series, index: int) -> list[str]:
    if chart.coloured == "points":
        return [_colour(point) for point in range(len(series.x))]
    return [_colour(index)] * len(series.x)


def _short(name: str) -> str:
    # matplotlib leaves labels that start with an underscore out of the legend.
    return textwrap.shorten(name, NAME_WIDTH, placeholder=" …").lstrip("_")


def _marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]


def _whiskers(series: Series) -> list[list[float]] | None:
    if series.low is None or series.high is None:
        return None
    # An interval that lies beside its estimate has one arm; matplotlib refuses negative lengths.
    below = [max(0.0, y - low) for y, low in zip(series.y, series.low, strict=True)]
    above = [max(0.0, high - y) for y, high in zip(series.y, series.high, strict=True)]
    return [below, above]


def _step(xs: tuple[float | str, ...]) -> float:
    numbers = [float(x) for x in xs if not isinstance(x, str)]
    gaps = [after - before for before, after in itertools.pairwise(numbers) if after > before]
    return min(gaps, default=1.0)
