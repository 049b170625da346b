"""The audit report of a round, as a page and as a PDF: operators alone, because it names every seller's amounts."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from marketplace.shared.access import role_required
from marketplace.views.signed_in import SignedInRequest
from payouts.models import PayoutRound
from payouts.selectors.audit import report
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


def _valued(pk: UUID) -> PayoutRound:
    payout_round = find(pk)
    if not hasattr(payout_round, "audit_report"):
        raise Http404
    return payout_round
