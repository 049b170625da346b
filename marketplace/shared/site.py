"""The site's public addresses, for e-mails: no click is at hand there that would say where the site is."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def address(name: str, *args: Any) -> str:
    """The full address of one of our pages."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse(name, args=args)}"
