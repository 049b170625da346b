"""The audit report of a round, as a page and as a PDF: operators alone, because it names every seller's amounts."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from marketplace.basics.errors import ConflictError, FaircutError
from marketplace.people.access import role_required
from marketplace.views.signed_in import SignedInRequest
from payouts.models import PayoutRound
from payouts.selectors.audit.report import report
from payouts.services import attacks
from payouts.views.pdf import PdfUnavailableError, pdf_of
from payouts.views.rounds import find


@role_required("operator")
@require_safe
def audit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    payout_round = _valued(pk)
    context = report(payout_round) | {"open_all": request.GET.get("open") == "all"}
    return render(request, "payouts/audit.html", context)


@role_required("operator")
@require_safe
def audit_pdf(request: SignedInRequest, pk: UUID) -> HttpResponse:
    payout_round = _valued(pk)
    context = report(payout_round) | {"on_paper": True}
    try:
        body = pdf_of(render_to_string("payouts/audit_paper.html", context), stylesheet="faircut/audit.css")
    except PdfUnavailableError as error:
        messages.error(request, error.in_words)
        return redirect("payouts:round_audit", pk)
    disposition = f'attachment; filename="audit-{pk}.pdf"'
    return HttpResponse(body, content_type="application/pdf", headers={"Content-Disposition": disposition})


@role_required("operator")
@require_POST
def try_attacks(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask for the attacks again, with the budget that the report's button names."""
    payout_round, times = _valued(pk), request.POST.get("times", "")
    try:
        if not times.isdecimal():
            raise ConflictError("Use the button of the audit report to try the attacks again.", code="no_budget_named")
        attacks.try_again(payout_round=payout_round, times=int(times), by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "The attacks are tried again with more evaluations.")
    return redirect(f"{reverse('payouts:round_audit', args=[pk])}#attacks")


def _valued(pk: UUID) -> PayoutRound:
    payout_round = find(pk)
    if not hasattr(payout_round, "audit_report"):
        raise Http404
    return payout_round
