"""A request's model, its metric and the terms of its game, for pages of the marketplace."""

from typing import Any

from django import template

from marketplace.models import DataRequest
from valuation.selectors.game_terms import terms_in_words
from valuation.selectors.model_words import chosen_in_words, metric_in_words, model_in_words

register = template.Library()

register.filter("model_in_words", model_in_words)
register.filter("metric_in_words", metric_in_words)
register.filter("chosen_in_words", chosen_in_words)


@register.inclusion_tag("valuation/_game_terms.html")
def game_terms(data_request: DataRequest) -> dict[str, Any]:
    """How a model counts, one sentence a term."""
    return {"sentences": terms_in_words(data_request)}
