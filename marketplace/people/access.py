"""Sign-in, roles and the second factor, as the views see them."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from marketplace.people.second_factor_proof import PROOF_VALID_FOR
from marketplace.selectors.access import roles_of

View = Callable[..., HttpResponse]

CAME_FROM = "step_up_came_from"


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give every template the signed-in person's roles."""
    user = getattr(request, "user", None)
    return {
        "roles": roles_of(user) if user is not None and user.is_authenticated else frozenset(),
        "demo": settings.DEMO,
    }


def role_required(*roles: str) -> Callable[[View], View]:
    """Send strangers to sign-in, and refuse people who hold none of these roles."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_anonymous or roles_of(request.user).isdisjoint(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def recent_mfa(request: HttpRequest) -> dt.datetime | None:
    """When this session last proved a second factor, if that is recent enough to approve money."""
    latest = max(
        (record["at"] for record in get_authentication_records(request, request.user) if record.get("method") == "mfa"),
        default=None,
    )
    if latest is None:
        return None
    at = dt.datetime.fromtimestamp(latest, tz=dt.UTC)
    return at if timezone.now() - at < PROOF_VALID_FOR else None


def step_up_where_enrolled(view: View) -> View:
    """Ask people who have a second factor for it again; others pass by their role alone.

    For steps that follow an approval, and for keys that only read: a stolen password of somebody who approves must not
    be enough for them either.
    """
    asking = step_up_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (asking if is_mfa_enabled(request.user) else view)(request, *args, **kwargs)

    return guarded


def step_up_required(view: View) -> View:
    """Ask for the second factor again (or for setting one up) before a view that moves money."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recent_mfa(request) is not None:
            request.session.pop(CAME_FROM, None)
            return view(request, *args, **kwargs)
        # A form cannot be replayed after the detour, so the person comes back to the page that shows it.
        back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
        # Setting up a factor ends on a page of its own, which knows no `next`; templates/mfa/_way_back.html reads this.
        request.session[CAME_FROM] = f"/{urlsplit(back).path.lstrip('/')}"
        target = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
        return redirect(f"{reverse(target)}?{urlencode({'next': back})}")

    return guarded
