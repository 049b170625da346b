"""`{% chart c %}`: a figure that reads without JavaScript, and comes alive with it."""

import base64
from typing import Any

from django import template
from django.utils.html import json_script

from marketplace.basics.figures import count, decimals
from marketplace.charts import static
from marketplace.charts.chart import Chart, Series
from marketplace.charts.plotly_figure import figure

register = template.Library()

SIGNIFICANT_DIGITS = 4
# Less than this of a series' largest figure is what rounding left of nothing.
ROUNDING = 1e-12


@register.inclusion_tag("partials/_chart.html", takes_context=True)
def chart(context: template.Context, described: Chart) -> dict[str, Any]:
    """Show the finding, the picture, and the table of its numbers; on paper (``on_paper``) the finding and picture."""
    picture = base64.b64encode(static.svg(described).encode()).decode()
    return {
        "chart": described,
        "on_paper": context.get("on_paper", False),
        "figure": figure(described),
        "picture": f"data:image/svg+xml;base64,{picture}",
        "several": len(described.series) > 1,
        "rows": _in_order(described, [row for series in described.series for row in _rows(series)]),
    }


@register.filter
def json_data(value: Any) -> str:
    """Write a value as a data block: a script that is read, not run."""
    return json_script(value)


def _in_order(described: Chart, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    if not described.largest_first:
        return rows
    places = {name: place for place, name in enumerate(described.names)}
    return sorted(rows, key=lambda row: places[row["x"]])


def _rows(series: Series) -> list[dict[str, str]]:
    dust = ROUNDING * max(map(abs, series.y), default=0.0)
    lows, highs = series.low or (None,) * len(series.x), series.high or (None,) * len(series.x)
    return [
        {
            "series": series.name,
            "x": x if isinstance(x, str) else number(x),
            "y": number(y if abs(y) > dust else 0.0),
            "between": "" if low is None or high is None else f"{number(low)} to {number(high)}",
        }
        for x, y, low, high in zip(series.x, series.y, lows, highs, strict=True)
    ]


def number(value: float) -> str:
    """Write a number with four significant digits, and no more decimals than it has."""
    if float(value).is_integer():
        return count(int(value))
    digits = SIGNIFICANT_DIGITS - len(f"{abs(value):.0f}".lstrip("0"))
    if abs(value) < 1:
        digits = SIGNIFICANT_DIGITS - 1 - int(f"{abs(value):e}".partition("e")[2])
    return decimals(float(value), max(0, digits))
