"""How much was submitted to a request, as far as the reader may know it."""

from django import template

from marketplace.models import DataRequest
from marketplace.selectors.requests import submitted_in_words

register = template.Library()


@register.filter
def submitted(request: DataRequest, exactly: object) -> str:
    """Write it in words; `request` carries the counts of ``with_accepted``."""
    return submitted_in_words(request, exactly=bool(exactly))
