"""Where a seller's money goes: shown masked, changed only by who proves again who they are."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.models import Organization, Role, User
from marketplace.people.access import role_required
from marketplace.selectors.access import organizations_of
from marketplace.views.signed_in import SignedInRequest
from payouts.core.bank_accounts import masked
from payouts.forms import PayoutDetailsForm
from payouts.selectors.money import profiles as selectors
from payouts.services import profiles


@role_required(Role.SELLER)
@require_safe
def profile(request: SignedInRequest, pk: int) -> HttpResponse:
    organization = _own(request.user, pk)
    current = selectors.current(organization)
    context = {
        "organization": organization,
        "profile": current,
        "country": selectors.country_in_words(current) if current else "",
        "iban": masked(current.iban) if current else "",
        "bank_name": selectors.bank_name(current) if current else "",
        "is_cooling_down": current is not None and selectors.is_cooling_down(current),
        "versions": [(version, masked(version.iban)) for version in selectors.history(organization)],
        "hours": settings.FAIRCUT_PROFILE_COOL_DOWN_HOURS,
    }
    return render(request, "payouts/profile.html", context)


@role_required(Role.SELLER)
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def profile_change(request: SignedInRequest, pk: int) -> HttpResponse:
    organization = _own(request.user, pk)
    current = selectors.current(organization)
    # The account number is typed anew each time, so that nobody reads it from a browser that was left open.
    initial = {name: getattr(current, name) for name in PayoutDetailsForm.ADDRESS} if current else None
    form = PayoutDetailsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        profiles.give(organization=organization, details=form.details, by=request.user)
        messages.success(request, f"The payout details of {organization.name} are stored.")
        return redirect("payouts:profile", organization.pk)
    context = {
        "organization": organization,
        "form": form,
        "is_change": current is not None,
        "hours": settings.FAIRCUT_PROFILE_COOL_DOWN_HOURS,
    }
    return render(request, "payouts/profile_change.html", context, status=422 if form.errors else 200)


def _own(user: User, pk: int) -> Organization:
    return get_object_or_404(organizations_of(user, Role.SELLER), pk=pk)
