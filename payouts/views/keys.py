"""Keys of accounting clients: made here, shown once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from marketplace.people.access import role_required, step_up_where_enrolled
from marketplace.views.signed_in import SignedInRequest
from payouts.forms import ApiKeyForm
from payouts.models import ApiKey
from payouts.services import api_keys

# Where a new key waits for the one page that shows it.
_MADE = "key_made"


@role_required("operator")
@step_up_where_enrolled
@never_cache
def key_list(request: SignedInRequest) -> HttpResponse:
    """List the keys and make new ones; a key is shown once, on the page that follows its making.

    The second factor is asked for before the form is shown: a form that is sent first would be lost on the detour.
    """
    return _make(request) if request.method == "POST" else _page(request, ApiKeyForm())


def _make(request: SignedInRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    key, secret = api_keys.create(
        name=form.cleaned_data["name"],
        client=form.cleaned_data["client"],
        scopes=form.cleaned_data["scopes"],
        expires_at=form.expires_at,
        by=request.user,
    )
    # A page of its own, so that loading it again makes no second key.
    request.session[_MADE] = {"name": key.name, "secret": secret}
    return redirect("payouts:key_list")


def _page(request: SignedInRequest, form: ApiKeyForm, *, status: int = 200) -> HttpResponse:
    context = {
        "keys": ApiKey.objects.select_related("created_by"),
        "now": timezone.now(),
        "form": form,
        "made": request.session.pop(_MADE, None) if request.method == "GET" else None,
    }
    return render(request, "payouts/key_list.html", context, status=status)


@role_required("operator")
@require_POST
def key_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    key = api_keys.revoke(key=get_object_or_404(ApiKey, pk=pk), by=request.user)
    messages.success(request, f"The key {key.name} is revoked.")
    return redirect("payouts:key_list")
