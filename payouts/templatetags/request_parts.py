"""What payouts shows on the marketplace's page of a request: all that the marketplace knows of payouts."""

from typing import Any

from django import template

from marketplace.models import DataRequest
from payouts.selectors.money.balances import pot_of
from valuation.selectors.quotes import latest_quote

register = template.Library()


@register.inclusion_tag("payouts/_buyers_side.html")
def buyers_side(request: DataRequest) -> dict[str, Any]:
    """What its buyer has paid in and tried, and where that leads."""
    return {"data_request": request, "pot": pot_of(request), "quote": latest_quote(request)}


@register.inclusion_tag("payouts/_pot_for_sellers.html")
def pot_for_sellers(request: DataRequest) -> dict[str, Any]:
    """What is in the pot, as sellers read it: an item of a list."""
    return {"currency": request.currency, "pot": pot_of(request)}
