"""What pages say of the second factor."""

from django import template

from marketplace.people.second_factor_proof import PROOF_VALID_WORDS

register = template.Library()


@register.simple_tag
def proof_is_valid_for() -> str:
    """How long a proof of the second factor is good for: ``10 minutes``."""
    return PROOF_VALID_WORDS
