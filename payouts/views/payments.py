"""What the bank is asked to pay: the list, and its files. Operators alone, with a fresh second factor."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.people.access import role_required, step_up_required
from marketplace.views.signed_in import SignedInRequest
from payouts.errors import PaymentFileError
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.money.payments import PaymentList, payer, payment_of_line, payments_of_round
from payouts.services import payment_files
from payouts.views.rounds import find

_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "xml": "application/xml"}


@role_required("operator")
@require_safe
@step_up_required
@never_cache
def payments(request: SignedInRequest, pk: UUID) -> HttpResponse:
    payout_round = find(pk)
    context = {"round": payout_round, "payments": _due(payout_round), "nobody_pays": ""}
    try:
        context["payer"] = payer()
    except PaymentFileError as error:
        context["nobody_pays"] = error.in_words
    return render(request, "payouts/payments.html", context)


@role_required("operator")
@require_safe
@step_up_required
@never_cache
def payments_file(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    payout_round = find(pk)
    return _file(request, payout_round, _due(payout_round), kind, f"payments-{pk}.{kind}")


@role_required("operator")
@require_safe
@step_up_required
@never_cache
def line_payment_file(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    """The payment of a line that was held and released by itself."""
    line = get_object_or_404(PayoutLine.objects.select_related("organization", "round__request"), pk=pk)
    try:
        due = payment_of_line(line)
    except PaymentFileError as error:
        raise Http404 from error
    return _file(request, line.round, due, kind, f"payment-{due.order.message_id}.{kind}")


def _due(payout_round: PayoutRound) -> PaymentList:
    try:
        return payments_of_round(payout_round)
    except PaymentFileError as error:
        raise Http404 from error


def _file(
    request: SignedInRequest, payout_round: PayoutRound, due: PaymentList, kind: str, filename: str
) -> HttpResponse:
    try:
        body = payment_files.hand_out(payout_round=payout_round, payments=due, kind=kind, by=request.user)
    except PaymentFileError as error:
        messages.error(request, error.in_words)
        return redirect("payouts:payments", payout_round.pk)
    disposition = f'attachment; filename="{filename}"'
    return HttpResponse(body, content_type=_MEDIA_TYPES[kind], headers={"Content-Disposition": disposition})
