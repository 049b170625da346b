"""A seller's statement of one round: as a page, as PDF, as CSV; only of the organisations that the person sells for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from marketplace.views.signed_in import SignedInRequest
from payouts.selectors.seller.results import own_lines
from payouts.selectors.seller.statement_csv import to_csv
from payouts.selectors.seller.statements import Statement, statement_of
from payouts.views.pdf import PdfUnavailableError, pdf_of


@login_required
@require_safe
def statement(request: SignedInRequest, pk: int) -> HttpResponse:
    return render(request, "payouts/statement.html", {"statement": _statement(request, pk)})


@login_required
@require_safe
def statement_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _statement(request, pk)
    page = render_to_string("payouts/statement_pdf.html", {"statement": found, "made_at": timezone.now()})
    try:
        body = pdf_of(page, stylesheet="faircut/statement.css")
    except PdfUnavailableError as error:
        messages.error(request, error.in_words)
        return redirect("payouts:statement", pk)
    return _download(body, "application/pdf", found, "pdf")


@login_required
@require_safe
def statement_csv(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _statement(request, pk)
    return _download(to_csv(found), "text/csv; charset=utf-8", found, "csv")


def _statement(request: SignedInRequest, line_id: int) -> Statement:
    return statement_of(get_object_or_404(own_lines(request.user), pk=line_id))


def _download(body: bytes, content_type: str, found: Statement, ending: str) -> HttpResponse:
    name = f"statement-{found.organization_id}-{found.currency}-{found.number}.{ending}"
    return HttpResponse(
        body, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
