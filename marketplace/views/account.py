"""Where we are stricter than allauth about who may change a way into an account."""

from allauth.account.views import reauthenticate as allauth_reauthenticate
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from marketplace.views.signed_in import SignedInRequest


@login_required
@require_safe
def email(request: SignedInRequest) -> HttpResponse:
    """Show the address; another one would be another way in, so operators change it."""
    return render(request, "account/email.html")


@login_required
def reauthenticate(request: SignedInRequest) -> HttpResponse:
    """Ask who it is again: with the second factor where there is one, because a password alone must not replace it."""
    if is_mfa_enabled(request.user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{request.GET.urlencode()}")
    response: HttpResponse = allauth_reauthenticate(request)
    return response
