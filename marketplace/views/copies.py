"""Operators decide about findings of copies."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from marketplace.basics.errors import FaircutError
from marketplace.basics.states import badge
from marketplace.forms.copies import DecisionForm
from marketplace.models import CopyFinding, DataRequest, Role
from marketplace.people.access import role_required
from marketplace.selectors import copy_evidence
from marketplace.selectors.copies import findings_for_operators, findings_of_others, is_party, others_waiting, sides
from marketplace.selectors.stored_rows import InputsChangedError
from marketplace.services import copies
from marketplace.views.keys_in_queries import key_of
from marketplace.views.signed_in import SignedInRequest

PAGE_SIZE = 25
State = CopyFinding.State


@require_safe
@role_required(Role.OPERATOR)
def finding_list(request: SignedInRequest) -> HttpResponse:
    # A round leads to the findings that it waits for; what names no request shows all.
    key = key_of(request.GET.get("request", ""))
    asked = DataRequest.objects.filter(pk=key).first() if key else None
    findings = findings_for_operators() if asked is None else findings_for_operators().filter(request=asked)
    page = Paginator(findings, PAGE_SIZE).get_page(request.GET.get("page"))
    not_own = findings_of_others(request.user, page)
    rows = [
        {
            "finding": finding,
            "kind": copy_evidence.kind_in_words(finding),
            "by_chance": copy_evidence.rows_by_chance(finding),
            "can_be_chosen": finding.state in CopyFinding.UNDECIDED and finding.pk in not_own,
        }
        for finding in page
    ]
    # One alone is decided on its own page.
    several = sum(1 for row in rows if row["can_be_chosen"]) > 1
    context = {"page": page, "rows": rows, "several": several, "asked": asked}
    return render(request, "marketplace/copy_list.html", context)


@require_safe
@role_required(Role.OPERATOR)
def finding_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    finding = get_object_or_404(
        CopyFinding.objects.select_related(
            "request__buyer", "first__dataset__organization", "second__dataset__organization", "decided_by"
        ),
        pk=pk,
    )
    is_of_party = is_party(request.user, finding)
    context = {
        "finding": finding,
        "kind": copy_evidence.kind_in_words(finding),
        "chance": copy_evidence.chance_in_words(finding),
        "chance_chart": copy_evidence.chance_chart(finding),
        # Whoever sells to a request reads none of its validation rows, operator or not.
        "samples": [] if finding.is_of_validation and is_of_party else _samples(request, finding),
        "decisions": [
            {
                "at": event.at,
                "who": event.actor and (event.actor.full_name or event.actor.email),
                "what": badge(finding.shown(event.data["to"])).words,
                "detail": event.data["reason"],
            }
            for event in copy_evidence.decisions(finding)
        ],
        "others": others_waiting(finding),
        "is_one_seller": len({organization.pk for organization in sides(finding)}) == 1,
        "sides": ("Validation row", "Submitted") if finding.is_of_validation else ("First", "Second"),
        "is_party": is_of_party,
        "parties": copy_evidence.parties_in_words(finding),
        "waits": finding.state in CopyFinding.UNDECIDED,
        "forms": {state.value: _form(state) for state in (State.FIRST_KEEPS, State.BOTH_KEEP, State.DISPUTED)},
    }
    return render(request, "marketplace/copy_detail.html", context)


@require_POST
@role_required(Role.OPERATOR)
def finding_decide(request: SignedInRequest, pk: UUID) -> HttpResponse:
    finding = get_object_or_404(CopyFinding.objects.defer("pairs"), pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was decided. Choose a decision and give your reason in a sentence.")
        return redirect("marketplace:copy_detail", pk=pk)
    try:
        copies.decide(finding=finding, by=request.user, **form.cleaned_data)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "The decision is recorded.")
    return redirect("marketplace:copy_detail", pk=pk)


def _samples(request: SignedInRequest, finding: CopyFinding) -> list[copy_evidence.Sample]:
    """Some pairs of rows; none, and the reason, where the stored validation rows are not those that were checked."""
    try:
        return copy_evidence.samples(finding)
    except InputsChangedError as error:
        messages.error(request, error.in_words)
        return []


def _form(state: CopyFinding.State) -> DecisionForm:
    return DecisionForm(initial={"decision": state.value}, auto_id=f"{state.value}_%s")
