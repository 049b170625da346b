"""Where our pages are: as paths for links, and as whole addresses for e-mails, which no click leads to."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def path(name: str, *args: Any) -> str:
    """The path of one of our pages."""
    return reverse(name, args=args)


def address(name: str, *args: Any) -> str:
    """The full address of one of our pages."""
    return f"{settings.SITE_URL.rstrip('/')}{path(name, *args)}"
