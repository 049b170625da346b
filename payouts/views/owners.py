"""Operators' page of beneficial owners: several accounts of one company count as one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from marketplace.basics.errors import FaircutError
from marketplace.models import Organization
from marketplace.people.access import role_required
from marketplace.services import ownership
from marketplace.views.signed_in import SignedInRequest
from payouts.forms import OwnerForm, ReasonForm
from payouts.selectors.money.owners import seller_owners


@role_required("operator")
@require_safe
def owner_list(request: SignedInRequest) -> HttpResponse:
    return render(request, "payouts/owner_list.html", {"rows": seller_owners()})


@role_required("operator")
def owner_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """Link an organisation to its owner, or separate the two: one page, one reason."""
    organization = get_object_or_404(Organization.objects.select_related("beneficial_owner"), pk=pk)
    form = OwnerForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        owner, reason = form.cleaned_data["owner"], form.cleaned_data["reason"]
        try:
            ownership.link(organization=organization, owner=owner, reason=reason, by=request.user)
        except FaircutError as error:
            form.add_error("owner", error.in_words)
        else:
            messages.success(request, f"{organization} counts as one with {owner} from the next computed round on.")
            return redirect("payouts:owner_list")
    context = {"organization": organization, "form": form, "separate_form": ReasonForm(auto_id="separate_%s")}
    return render(request, "payouts/owner_link.html", context, status=400 if form.errors else 200)


@role_required("operator")
@require_POST
def owner_separate(request: SignedInRequest, pk: int) -> HttpResponse:
    organization = get_object_or_404(Organization, pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Reason: say why the two are not one company.")
        return redirect("payouts:owner_link", pk)
    try:
        ownership.separate(organization=organization, reason=form.cleaned_data["reason"], by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, f"{organization} counts by itself from the next computed round on.")
    return redirect("payouts:owner_list")
