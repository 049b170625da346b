"""Quotes on pages: the last one of a request, and figures as a quote writes them."""

from collections.abc import Sequence
from typing import Any

from django import template

from marketplace.basics.figures import decimals
from marketplace.models import DataRequest
from valuation.selectors.quotes import latest_quote

register = template.Library()

MILLISECONDS = 1_000


@register.inclusion_tag("valuation/_dry_run_link.html")
def dry_run_link(draft: DataRequest) -> dict[str, Any]:
    """The way from a draft to its dry run, for pages of the marketplace."""
    return {"draft": draft, "quote": latest_quote(draft)}


@register.filter
def short_time(seconds: float) -> str:
    """Write the length of one evaluation: ``0.31 ms`` or ``2.4 s``."""
    return f"{decimals(seconds, 1)} s" if seconds >= 1 else f"{decimals(seconds * MILLISECONDS, 2)} ms"


@register.filter
def workers_in_words(place: int, workers: Sequence[int]) -> str:
    """Name a number of workers by its place: ``2 workers``."""
    return f"{workers[place]} worker{'' if workers[place] == 1 else 's'}"
