"""What operators do with one line of a posted round: let held money go, and confirm its payment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from marketplace.basics.errors import FaircutError
from marketplace.people.access import role_required
from marketplace.views.signed_in import SignedInRequest
from payouts import forms
from payouts.models import PayoutLine
from payouts.services import rounds


@require_POST
@role_required("operator")
def line_release(request: SignedInRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(PayoutLine, pk=pk)
    try:
        rounds.release(line=line, by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "The line is released: its money can be sent.")
    return redirect("payouts:round_detail", line.round_id)


@require_POST
@role_required("operator")
def line_paid(request: SignedInRequest, pk: int) -> HttpResponse:
    line = get_object_or_404(PayoutLine, pk=pk)
    form = forms.PaidForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was recorded. Give the reference on the bank statement.")
        return redirect("payouts:round_detail", line.round_id)
    try:
        rounds.mark_line_paid(line=line, bank_reference=form.cleaned_data["bank_reference"], by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "The payment is recorded.")
    return redirect("payouts:round_detail", line.round_id)
