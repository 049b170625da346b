"""Geometry of interval bars: dots and whiskers on one axis, as percentages of an SVG's width."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template

from marketplace.basics.figures import amount, decimals, plain_amount

register = template.Library()

# The drawing keeps clear of the edges, so that dots and tick labels are not cut.
EDGE = 9.0
TICKS_WANTED = 4
# Below this all estimates are one number, and the axis only needs some width.
SPAN_MIN = 1e-9
FLOAT_SLACK = 1e-12


@dataclass(frozen=True)
class Tick:
    """One mark of the axis."""

    at: str
    text: str


@dataclass(frozen=True)
class Axis:
    """The common axis of several intervals, and how its numbers are written."""

    low: float
    high: float
    ticks: tuple[Tick, ...]
    zero: str | None


@dataclass(frozen=True)
class Bar:
    """One interval: where its dot and its whisker lie, and its words."""

    label: str
    url: str
    at: str
    low: str
    high: str
    text: str
    spread: str
    sentence: str


@dataclass(frozen=True)
class Bars:
    """Intervals on their axis, in the order given."""

    axis: Axis
    rows: tuple[Bar, ...]


@register.simple_tag
def interval_bars(rows: Iterable[Any], currency: str = "", digits: int = 4, unit: str = "") -> Bars:
    """Place intervals on one axis that holds them all and zero.

    Args:
        rows: Mappings or objects with ``label``, ``value``, ``low``, ``high`` and, if wanted, ``url``.
        currency: Set when the numbers are minor units of money.
        digits: Decimals of other numbers.
        unit: What follows other numbers, such as ``points``.
    """
    read = [{name: _get(row, name) for name in ("label", "value", "low", "high", "url")} for row in rows]
    ends = [0.0, *(float(row[name]) for row in read for name in ("low", "high", "value"))]
    axis = _axis(min(ends), max(ends), currency)
    return Bars(axis=axis, rows=tuple(_bar(row, axis, currency, digits, unit) for row in read))


@register.filter
def width(fraction: float) -> str:
    """Write a fraction as an SVG width, kept between nothing and all."""
    return f"{100 * min(max(fraction, 0.0), 1.0):.2f}%"


def _get(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else getattr(row, name, None)


def _axis(low: float, high: float, currency: str) -> Axis:
    span = high - low
    step = _nice_step(span if span > SPAN_MIN else 1.0)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    low, high = first * step, last * step
    numbers = [index * step for index in range(first, last + 1)]
    texts = [_tick_text(number, step, currency) for number in numbers]
    if not any(text.partition(".")[2].strip("0") for text in texts):
        texts = [text.partition(".")[0] for text in texts]
    ticks = tuple(Tick(at=_place(number, low, high), text=text) for number, text in zip(numbers, texts, strict=True))
    return Axis(low=low, high=high, ticks=ticks, zero=_place(0, low, high) if low < 0 else None)


def _nice_step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten, so that about ``TICKS_WANTED`` steps make the span."""
    rough = span / TICKS_WANTED
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def _tick_text(number: float, step: float, currency: str) -> str:
    if currency:
        return plain_amount(round(number), currency)
    return decimals(number, max(0, -math.floor(math.log10(step))))


def _place(number: float, low: float, high: float) -> str:
    return f"{EDGE + (100 - 2 * EDGE) * (number - low) / (high - low):.2f}%"


def _bar(row: dict[str, Any], axis: Axis, currency: str, digits: int, unit: str) -> Bar:
    def written(number: float) -> str:
        if currency:
            return amount(round(number), currency)
        return f"{decimals(number, digits)} {unit}".strip()

    def placed(number: float) -> str:
        return _place(number, axis.low, axis.high)

    return Bar(
        label=str(row["label"] or ""),
        url=str(row["url"] or ""),
        at=placed(row["value"]),
        low=placed(row["low"]),
        high=placed(row["high"]),
        text=written(row["value"]),
        spread=_spread(row, currency, digits),
        sentence=f"{written(row['value'])}, between {written(row['low'])} and {written(row['high'])}",
    )


def _spread(row: dict[str, Any], currency: str, digits: int) -> str:
    """Write an interval's width after its centre; a lopsided one names both ends, as one width would mislead."""

    def bare(number: float) -> str:
        return plain_amount(round(number), currency) if currency else decimals(number, digits)

    below, above = row["value"] - row["low"], row["high"] - row["value"]
    # Ends are rounded each on its own: one unit of the last digit apart is still one width, and the wider one is true.
    if abs(below - above) <= (1 if currency else 10**-digits) + FLOAT_SLACK:
        return f"± {bare(max(below, above))}"
    return f"{bare(row['low'])} to {bare(row['high'])}"
