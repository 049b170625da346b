"""Keys of accounting clients: made here, shown once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from marketplace.shared.access import role_required
from marketplace.views.signed_in import SignedInRequest
from payouts.forms import ApiKeyForm
from payouts.models import ApiKey
from payouts.services import api_keys


@role_required("operator")
@never_cache
def key_list(request: SignedInRequest) -> HttpResponse:
    """List the keys and make new ones; the answer to the POST is the only page that ever shows a key."""
    form = ApiKeyForm(request.POST or None)
    context = {"keys": ApiKey.objects.select_related("created_by"), "now": timezone.now()}
    if request.method == "POST" and form.is_valid():
        key, secret = api_keys.create(
            name=form.cleaned_data["name"],
            client=form.cleaned_data["client"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at,
            by=request.user,
        )
        return render(request, "payouts/key_list.html", context | {"form": ApiKeyForm(), "made": key, "secret": secret})
    return render(request, "payouts/key_list.html", context | {"form": form}, status=400 if form.errors else 200)


@role_required("operator")
@require_POST
def key_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    key = api_keys.revoke(key=get_object_or_404(ApiKey, pk=pk), by=request.user)
    messages.success(request, f"The key {key.name} is revoked.")
    return redirect("payouts:key_list")
