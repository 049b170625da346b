"""A chart as the JSON that plotly.js draws.

Colours are names of custom properties (``--chart-1``, ``--ink``); charts.js puts the values of the page's theme in.
"""

from html import escape
from typing import Any

from marketplace.charts import labels
from marketplace.charts.chart import Chart, Series, name_lines
from marketplace.charts.palette import DASHES, MARKERS, place

ROW_HEIGHT = 44
BAR_HEIGHT = 15
SERIES_APART = 0.65
FRAME_HEIGHT = 72
LEGEND_HEIGHT = 36
HEIGHT = 360
BAND_OPACITY = 0.18


def figure(chart: Chart) -> dict[str, Any]:
    """Return ``data`` and ``layout`` for ``Plotly.newPlot``."""
    data = [trace for index, series in enumerate(chart.series) for trace in _traces(chart, series, index)]
    layout = _layout(chart)
    if (named := labels.sides(chart)) is not None:
        # Where the window is narrow, charts.js puts the legend back.
        layout["showlegend"] = False
        for trace, side in zip(data, named, strict=True):
            trace |= {"mode": "markers+text", "text": [trace["name"]], "textposition": f"middle {side}"}
    return {"data": data, "layout": layout}


def _colour(index: int) -> str:
    return f"--chart-{place(index) + 1}"


def _colours(chart: Chart, series: Series, index: int) -> str | list[str]:
    if chart.coloured == "points":
        return [_colour(point) for point in range(len(series.x))]
    return _colour(index)


def _traces(chart: Chart, series: Series, index: int) -> list[dict[str, Any]]:
    across, up = ("y", "x") if chart.lies_on_its_side else ("x", "y")
    trace: dict[str, Any] = {"name": _text(series.name), across: [_text(x) for x in series.x], up: list(series.y)}
    if chart.lies_on_its_side and chart.kind == "intervals":
        # Beside each other, so that no whisker hides another; the axis writes the names.
        shift = SERIES_APART * (index - (len(chart.series) - 1) / 2) / len(chart.series)
        trace |= {"y": [chart.names.index(str(x)) + shift for x in series.x], "text": trace["y"]}
        trace["hovertemplate"] = "%{text}: %{x}"
    marker = {"color": _colours(chart, series, index)}
    if chart.kind in {"bars", "histogram"}:
        trace |= {"type": "bar", "orientation": "h" if chart.lies_on_its_side else "v", "marker": marker}
    elif chart.kind == "line":
        dash = DASHES[index % len(DASHES)]
        trace |= {"type": "scatter", "mode": "lines", "line": {"color": _colour(index), "width": 2.5, "dash": dash}}
    else:
        symbol = MARKERS[index % len(MARKERS)]
        trace |= {"type": "scatter", "mode": "markers", "marker": {**marker, "size": 10, "symbol": symbol}}
    if series.low is None or series.high is None:
        return [trace]
    if chart.kind == "line":
        return [_band(series, index), trace]
    return [trace | {f"error_{up}": _whiskers(series)}]


def _text(x: float | str) -> float | str:
    """Text for plotly.js, which reads a few HTML tags in it: ours are the line breaks, and nobody else's count."""
    return "<br>".join(escape(line, quote=False) for line in name_lines(x)) if isinstance(x, str) else x


def _whiskers(series: Series) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - y for y, high in zip(series.y, series.high or (), strict=True)],
        "arrayminus": [y - low for y, low in zip(series.y, series.low or (), strict=True)],
        "color": "--ink-quiet",
        "thickness": 2,
        "width": 5,
    }


def _band(series: Series, index: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [*series.x, *reversed(series.x)],
        "y": [*(series.high or ()), *reversed(series.low or ())],
        "fill": "toself",
        "fillcolor": _colour(index),
        "opacity": BAND_OPACITY,
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _layout(chart: Chart) -> dict[str, Any]:
    names, numbers = ("yaxis", "xaxis") if chart.lies_on_its_side else ("xaxis", "yaxis")
    bars = len(chart.series) if chart.kind == "bars" else 1
    legend = LEGEND_HEIGHT if len(chart.series) > 1 else 0
    height = FRAME_HEIGHT + legend + max(ROW_HEIGHT, BAR_HEIGHT * bars) * max(2, len(chart.names))
    layout: dict[str, Any] = {
        names: _axis(chart.x_title, grid=chart.kind in {"line", "scatter"}),
        numbers: _axis(chart.y_title, grid=True),
        "height": height if chart.lies_on_its_side else HEIGHT,
        "margin": {"l": 10, "r": 16, "t": LEGEND_HEIGHT if len(chart.series) > 1 else 8, "b": 10},
        "bargap": 0.02 if chart.kind == "histogram" else 0.35,
        "showlegend": len(chart.series) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "--ink", "size": 14},
        "hoverlabel": {"bgcolor": "--surface", "bordercolor": "--control", "font": {"color": "--ink"}},
        "dragmode": False,
        "separators": f".{chart.thousands}",
    }
    if chart.lies_on_its_side:
        # The first name on top, as in the table.
        layout[names] |= {"autorange": "reversed", "type": "category", "title": {"text": ""}, "ticksuffix": "  "}
    if chart.largest_first:
        layout[names] |= {"categoryorder": "array", "categoryarray": [_text(name) for name in chart.names]}
    if chart.lies_on_its_side and chart.kind == "intervals":
        count = len(chart.names)
        layout[names] |= {"type": "linear", "tickvals": list(range(count)), "ticktext": [_text(n) for n in chart.names]}
        layout[names] |= {"autorange": False, "range": [count - 0.4, -0.6], "zeroline": False, "showgrid": False}
    return layout


def _axis(title: str, *, grid: bool) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 13, "color": "--ink-quiet"}},
        "automargin": True,
        "showgrid": grid,
        "gridcolor": "--line",
        "linecolor": "--control",
        "zerolinecolor": "--control",
        "zeroline": grid,
        "tickcolor": "--control",
        "fixedrange": True,
        "separatethousands": True,
        "exponentformat": "none",
    }
