"""Browsers that are signed in, and what they find on a page."""

import re
import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse

# allauth keeps whose records these are beside them.
RECORDS_OF = "account_authentication_methods_user"


def browser(person, *, mfa_seconds_ago=None):
    """A signed-in browser, with a second factor proved so long ago."""
    client = Client()
    client.force_login(person)
    if mfa_seconds_ago is not None:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "type": "totp", "at": time.time() - mfa_seconds_ago}
        ]
        session[RECORDS_OF] = str(person.pk)
        session.save()
    return client


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def page(name, pk=None):
    return reverse(f"payouts:{name}", args=[pk] if pk else [])
