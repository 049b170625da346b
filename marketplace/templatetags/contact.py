"""Whom a page means by "the operator"."""

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def operators_address() -> SafeString | str:
    """The operators' e-mail address as a link, after what joins it to the sentence; nothing where none is set."""
    address = settings.FAIRCUT_CONTACT
    return format_html(' at <a href="mailto:{0}">{0}</a>', address) if address else ""
