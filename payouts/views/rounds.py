"""Operators' pages of a payout round: the list, a new one, the round itself, and each step as a POST."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from marketplace.basics.errors import FaircutError
from marketplace.people.access import recent_mfa, role_required, step_up_required, step_up_where_enrolled
from marketplace.selectors import copies
from marketplace.views.signed_in import SignedInRequest
from payouts import forms
from payouts.models import Export, PayoutRound
from payouts.selectors.money.balances import pot_available_minor, requests_for_rounds
from payouts.selectors.round.live import watch
from payouts.selectors.round.review import review
from payouts.selectors.round.rounds import (
    SHOWN,
    numbered_rounds,
    rounds_for_operators,
    timeline,
    waiting_for_seconds,
    waits_for,
)
from payouts.selectors.round.terms import policy_in_words
from payouts.selectors.round.waiting_lines import carried_along, waiting_lines
from payouts.services import rounds

PAGE_SIZE = 25
State = PayoutRound.State


@role_required("operator")
@require_safe
def round_list(request: SignedInRequest) -> HttpResponse:
    chosen = request.GET.get("show", "")
    page = Paginator(rounds_for_operators(show=chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {
            "round": payout_round,
            "waits_for": waits_for(payout_round),
            "waiting_for_seconds": waiting_for_seconds(payout_round),
        }
        for payout_round in page
    ]
    return render(request, "payouts/round_list.html", {"page": page, "rows": rows, "show": chosen, "choices": SHOWN})


@role_required("operator")
def round_new(request: SignedInRequest) -> HttpResponse:
    asked_for = forms.request_asked_for(request.POST.get("request") or request.GET.get("request", ""))
    if asked_for is None and request.method != "POST":
        return render(request, "payouts/round_for.html", {"requests": requests_for_rounds()})
    form = forms.RoundForm(request.POST or None, asked_for=asked_for)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        payout_round = rounds.open_round(
            request=chosen["request"],
            pot_minor=chosen["pot_minor"],
            policy=chosen["policy"],
            precision_target=float(chosen["precision"] / Decimal(100)),
            evaluations_max=chosen["evaluations_max"],
            seed=chosen["seed"],
            by=request.user,
        )
        return redirect("payouts:round_detail", payout_round.pk)
    context = {"form": form, "asked_for": asked_for}
    return render(request, "payouts/round_new.html", context, status=400 if form.errors else 200)


@role_required("operator")
@require_safe
def round_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    payout_round = find(pk)
    context: dict[str, Any] = {
        "round": payout_round,
        "waits_for": waits_for(payout_round),
        "policy_words": policy_in_words(payout_round.policy_snapshot, payout_round.currency),
        "timeline": timeline(payout_round),
        "started_by_me": payout_round.triggered_by_id == request.user.pk,
        "reason_form": forms.ReasonForm(auto_id="cancel_%s"),
        "paid_form": forms.PaidForm(),
        "pot_available_minor": pot_available_minor(payout_round.request),
    }
    if payout_round.state == State.DRAFT:
        context["findings_waiting"] = copies.waiting(payout_round.request).count()
    if hasattr(payout_round, "audit_report"):
        context |= review(payout_round) | _waiting(payout_round)
    if payout_round.state == State.IN_REVIEW:
        context["supersede_form"] = forms.ReplacementForm(
            auto_id="supersede_%s", initial={"policy": payout_round.policy}
        )
        context["approval_form"] = forms.ApprovalForm(
            initial={"lines_sha256": payout_round.lines_sha256},
            shared_accounts=context["shared_accounts"],
        )
    if payout_round.run is not None:
        context["live"] = watch(payout_round)
    return render(request, "payouts/round_detail.html", context)


@role_required("operator")
@require_safe
def round_progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment that a valuing round's page asks for every two seconds; the page itself when valuing is over."""
    payout_round = find(pk)
    if payout_round.run is None:
        raise Http404
    if payout_round.state != State.VALUING and request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    live = watch(payout_round)
    # The page asks with the wave that it shows, so that a screen reader hears of each wave once.
    has_news = request.GET.get("wave") != str(live.wave)
    context = {"round": payout_round, "live": live, "has_news": has_news, "is_fragment": True}
    return render(request, "payouts/_round_progress.html", context)


@role_required("operator")
@require_POST
def round_trigger(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return act(request, pk, "The valuation runs.", lambda found: rounds.trigger(payout_round=found, by=request.user))


@role_required("operator")
@require_POST
@step_up_required
def round_approve(request: SignedInRequest, pk: UUID) -> HttpResponse:
    form = forms.ApprovalForm(request.POST)
    if not form.is_valid():
        return complain(request, pk, form)
    return act(
        request,
        pk,
        "The round is approved. It can be posted now.",
        lambda found: rounds.approve(
            payout_round=found,
            by=request.user,
            mfa_at=recent_mfa(request),
            lines_sha256=form.cleaned_data["lines_sha256"],
            owners_differ=form.cleaned_data["owners_differ"],
        ),
    )


@role_required("operator")
@require_POST
@step_up_where_enrolled
def round_post(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return act(
        request, pk, "The round is posted and exported.", lambda found: rounds.post(payout_round=found, by=request.user)
    )


@role_required("operator")
@require_POST
def round_paid(request: SignedInRequest, pk: UUID) -> HttpResponse:
    form = forms.PaidForm(request.POST)
    if not form.is_valid():
        return complain(request, pk, form)
    reference = form.cleaned_data["bank_reference"]
    return act(
        request,
        pk,
        "The payments are recorded.",
        lambda found: rounds.mark_paid(payout_round=found, bank_reference=reference, by=request.user),
    )


@role_required("operator")
@require_POST
def round_resume(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return act(
        request,
        pk,
        "The work that nobody is doing was sent out again.",
        lambda found: rounds.resume(payout_round=found, by=request.user),
    )


@role_required("operator")
@require_POST
def round_cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return complain(request, pk, form)
    never_started = find(pk).triggered_at is None
    return act(
        request,
        pk,
        "The draft is given up." if never_started else "The round has ended, and its pot is the buyer's again.",
        lambda found: rounds.cancel(payout_round=found, by=request.user, reason=form.cleaned_data["reason"]),
    )


@role_required("operator")
@require_POST
def round_supersede(request: SignedInRequest, pk: UUID) -> HttpResponse:
    form = forms.ReplacementForm(request.POST)
    if not form.is_valid():
        return complain(request, pk, form)
    chosen = form.cleaned_data
    return act(
        request,
        pk,
        "This draft replaces the round you reviewed.",
        lambda found: rounds.supersede(
            payout_round=found, by=request.user, reason=chosen["reason"], policy=chosen["policy"]
        ),
    )


@role_required("operator")
@require_safe
def round_export(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    """The stored export, the same bytes as over the API; `?bom=1` lets Excel see that it is UTF-8."""
    export = get_object_or_404(Export, round_id=pk, kind=kind)
    mark = b"\xef\xbb\xbf" if kind == Export.Kind.CSV and request.GET.get("bom") == "1" else b""
    media_type = "text/csv; charset=utf-8" if kind == Export.Kind.CSV else "application/json"
    disposition = f'attachment; filename="round-{pk}{"-excel" if mark else ""}.{kind}"'
    return HttpResponse(
        mark + bytes(export.body), content_type=media_type, headers={"Content-Disposition": disposition}
    )


def _waiting(payout_round: PayoutRound) -> dict[str, Any]:
    """What has not reached its seller, with a form for each payment that is confirmed by itself."""
    return {
        "waiting_lines": [
            {"waiting": waiting, "form": forms.PaidForm(auto_id=f"line_{waiting.line.pk}_%s")}
            for waiting in waiting_lines(payout_round)
        ],
        "carried_along": carried_along(payout_round),
    }


def find(pk: UUID) -> PayoutRound:
    return get_object_or_404(
        numbered_rounds().select_related(
            "request", "run", "policy", "triggered_by", "approved_by", "audit_report", "superseded_by"
        ),
        pk=pk,
    )


def act(request: SignedInRequest, pk: UUID, done: str, step: Callable[[PayoutRound], PayoutRound]) -> HttpResponse:
    """Take one step and show the round it leads to, with what was done or why it was not."""
    payout_round = find(pk)
    try:
        payout_round = step(payout_round)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, done)
    return redirect("payouts:round_detail", payout_round.pk)


def complain(request: SignedInRequest, pk: UUID, form: django_forms.Form) -> HttpResponse:
    """Send a person back to the round with what the form lacks."""
    for name, errors in form.errors.items():
        messages.error(request, f"{form[name].label}: {' '.join(str(error) for error in errors)}")
    return redirect("payouts:round_detail", pk)
