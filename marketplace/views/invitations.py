"""An invitation, as its link shows it: to strangers too, because a new colleague has no account yet."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketplace.basics.errors import ConflictError, FaircutError
from marketplace.services import invitations


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = invitations.read_token(token)
    if found is None:
        return render(request, "marketplace/invitation.html", {}, status=404)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            organization = invitations.accept(invitation=found, by=request.user)
        except FaircutError as error:
            messages.error(request, error.in_words)
            return redirect("marketplace:invitation", token)
        messages.success(request, f"You act for {organization.name} now.")
        return redirect("marketplace:organization", organization.pk)
    context = {"invitation": found, "token": token}
    try:
        invitations.require_open(found)
    except ConflictError as closed:
        context["closed"] = f"{closed.message} {closed.remedy}".strip()
    return render(request, "marketplace/invitation.html", context)
