"""The pot of a request, for pages of the marketplace, which knows nothing of payouts."""

from django import template

from marketplace.models import DataRequest
from payouts.selectors import balances
from payouts.selectors.balances import Pot

register = template.Library()


@register.simple_tag
def pot_of(request: DataRequest) -> Pot:
    """What is in the pot, what was paid in, and what the buyer announced."""
    return balances.pot_of(request)
