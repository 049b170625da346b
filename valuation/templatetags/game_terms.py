"""The terms of a request's game, for pages of the marketplace."""

from typing import Any

from django import template

from marketplace.models import DataRequest
from valuation.selectors.game_terms import terms_in_words

register = template.Library()


@register.inclusion_tag("valuation/_game_terms.html")
def game_terms(data_request: DataRequest) -> dict[str, Any]:
    """How a model counts, one sentence a term."""
    return {"sentences": terms_in_words(data_request)}
