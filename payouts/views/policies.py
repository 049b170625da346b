"""Operators' pages of payout policies: all of them, a new one, and what each would do to a round under review."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe

from marketplace.basics.errors import FaircutError
from marketplace.people.access import role_required
from marketplace.views.signed_in import SignedInRequest
from payouts.forms import PolicyForm, TriedPolicyForm
from payouts.models import PayoutPolicy
from payouts.selectors.round.policy_preview import preview
from payouts.selectors.round.rounds import numbered_rounds
from payouts.selectors.round.terms import clauses_in_words
from payouts.services import policies

# A policy is not of one currency; its minimum is told in the most usual one.
CURRENCY = "EUR"


@role_required("operator")
def policy_list(request: SignedInRequest) -> HttpResponse:
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            policy = policies.write(name=form.cleaned_data["name"], terms=form.terms, by=request.user)
        except FaircutError as error:
            form.add_error("name", error.in_words)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The policy {policy.name} can be chosen for new rounds.")
            return redirect("payouts:policy_list")
    rows = [
        (policy, f"{capfirst(clauses_in_words(policy.snapshot(), CURRENCY))}.") for policy in PayoutPolicy.objects.all()
    ]
    return render(request, "payouts/policy_list.html", {"form": form, "rows": rows}, status=400 if form.errors else 200)


@role_required("operator")
@require_POST
def policy_default(request: SignedInRequest, pk: int) -> HttpResponse:
    policy = policies.make_default(policy=get_object_or_404(PayoutPolicy, pk=pk), by=request.user)
    messages.success(request, f"New rounds start from the policy {policy.name}.")
    return redirect("payouts:policy_list")


@role_required("operator")
@require_safe
def round_policies(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The round's amounts under every policy, and under one whose terms stand in the address."""
    payout_round = get_object_or_404(numbered_rounds().select_related("request", "run"), pk=pk)
    if not payout_round.lines.exists():
        raise Http404
    form = TriedPolicyForm(request.GET or None)
    tried = form.policy if form.is_bound and form.is_valid() else None
    context = {"round": payout_round, "form": form, "preview": preview(payout_round, tried=tried)}
    return render(request, "payouts/round_policies.html", context, status=400 if form.errors else 200)
