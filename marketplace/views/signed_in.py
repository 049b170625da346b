"""The request of a view that only signed-in people reach."""

from django.http import HttpRequest

from marketplace.models import User


class SignedInRequest(HttpRequest):
    """A request behind ``login_required`` or ``role_required``; for annotations only."""

    user: User
