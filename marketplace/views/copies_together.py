"""Operators decide about several findings of copies at once."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.basics.errors import FaircutError
from marketplace.basics.figures import count
from marketplace.forms.copies import TogetherForm
from marketplace.models import CopyFinding, Role
from marketplace.people.access import role_required
from marketplace.selectors import copy_evidence
from marketplace.selectors.copies_together import together
from marketplace.services import copies_together
from marketplace.services.copies_together import DecisionsRefusedError, Refusal
from marketplace.views.keys_in_queries import key_of
from marketplace.views.signed_in import SignedInRequest

State = CopyFinding.State
DECISIONS = (State.FIRST_KEEPS, State.BOTH_KEEP, State.DISPUTED)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.OPERATOR)
def decide_together(request: SignedInRequest) -> HttpResponse:
    """Show the chosen findings with what each decision would do; take the decision and its reason."""
    if request.method != "POST":
        return _page(request, _chosen(request.GET.getlist("finding")))
    form = TogetherForm(request.POST)
    chosen = _chosen(request.POST.getlist("finding"))
    if not form.is_valid():
        return _page(request, chosen, said=form, status=422)
    decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"]
    try:
        decided = copies_together.decide(findings=chosen, decision=decision, reason=reason, by=request.user)
    except DecisionsRefusedError as error:
        refused = {refusal.finding.pk for refusal in error.refusals}
        left = [finding for finding in chosen if finding.pk not in refused]
        return _page(request, left, said=form, refused=error, status=error.status)
    except FaircutError as error:
        messages.error(request, error.in_words)
        return _page(request, chosen, said=form, status=error.status)
    several = f"{count(len(decided))} decisions are recorded, each with its finding."
    messages.success(request, "The decision is recorded." if len(decided) == 1 else several)
    return redirect("marketplace:copy_list")


def _chosen(keys: Sequence[str]) -> list[CopyFinding]:
    """The findings of these keys, in the order of the list; what is no key of one names nothing."""
    found = CopyFinding.objects.select_related(
        "request", "first__dataset__organization", "second__dataset__organization"
    ).filter(pk__in=[key for key in map(key_of, keys) if key is not None])
    return list(found.order_by("second__uploaded_at", "second_id", "found_at", "pk"))


def _page(
    request: SignedInRequest,
    chosen: Sequence[CopyFinding],
    *,
    said: TogetherForm | None = None,
    refused: DecisionsRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    if not chosen and refused is None:
        messages.error(request, "Choose the findings that one reason decides, then decide them together.")
        return redirect("marketplace:copy_list")
    context = {
        "together": together(chosen) if chosen else None,
        "rows": [{"finding": finding, "kind": copy_evidence.kind_in_words(finding)} for finding in chosen],
        "refused": refused,
        "refusals": [_refusal(refusal) for refusal in refused.refusals] if refused else [],
        "forms": {state.value: _form(state, chosen, said) for state in DECISIONS},
        "tried": {said.data.get("decision", ""): True} if said else {},
    }
    return render(request, "marketplace/copy_together.html", context, status=status)


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {"finding": refusal.finding, "kind": copy_evidence.kind_in_words(refusal.finding), "why": refusal.why}


def _form(state: CopyFinding.State, chosen: Sequence[CopyFinding], said: TogetherForm | None) -> TogetherForm:
    """The form of one decision; of the one that was tried, what was written and what it lacks stay."""
    auto_id = f"{state.value}_%s"
    tried = said is not None and said.data.get("decision") == state.value
    if said is not None and tried and said.errors:
        return TogetherForm(said.data, auto_id=auto_id)
    reason = said.data.get("reason", "") if said is not None and tried else ""
    initial = {"decision": state.value, "finding": [finding.pk for finding in chosen], "reason": reason}
    return TogetherForm(initial=initial, auto_id=auto_id)
