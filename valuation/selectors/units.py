"""In which unit people read a difference of two scores."""

from marketplace.basics.figures import decimals
from valuation.core.metrics.registry import facts_of

_POINTS_OF_ONE = 100


def metric_name(metric: str) -> str:
    """A metric as a word of a sentence: ``balanced accuracy``."""
    return facts_of(metric).in_words


def unit_of(metric: str) -> str:
    """What follows a figure of ``in_unit``: points, or nothing where the metric has a scale of its own."""
    return "points" if facts_of(metric).in_points else ""


def axis(words: str, metric: str) -> str:
    """What an axis shows, and in which unit; the metric itself is the unit where it has a scale of its own."""
    return f"{words}, {unit_of(metric) or metric_name(metric)}"


def in_unit(figure: float, metric: str) -> float:
    """A score, or a difference of two, in the unit that ``unit_of`` names."""
    return figure * _POINTS_OF_ONE if facts_of(metric).in_points else figure


def written(figure: float, metric: str) -> str:
    """The same as text, without its unit."""
    return decimals(in_unit(figure, metric), digits_of(metric))


def digits_of(metric: str) -> int:
    """How many decimals such a figure is written with."""
    return facts_of(metric).digits
