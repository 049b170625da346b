"""Scores and values on pages, in the unit that people read them in."""

from django import template

from valuation.selectors import units

register = template.Library()

register.filter("unit", units.unit_of)


@register.filter
def in_unit_of(figure: float | None, metric: str) -> str:
    """Write a score or a value in the metric's unit, without naming it; nothing where there is no figure."""
    return "" if figure is None else units.written(figure, metric)
