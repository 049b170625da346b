"""A request's pot: recorded by operators from the bank statement, watched by the buyer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.basics.errors import FaircutError, NotAllowedError
from marketplace.basics.money import format_amount
from marketplace.models import DataRequest, Role
from marketplace.people.access import role_required
from marketplace.selectors.access import is_operator
from marketplace.selectors.drafts import own_requests
from marketplace.selectors.requests import visible_requests
from marketplace.views.signed_in import SignedInRequest
from payouts.core.payment_order import Payer
from payouts.errors import PaymentFileError
from payouts.forms import FundingForm
from payouts.selectors.money.balances import pot_history, pot_of
from payouts.selectors.money.payments import funding_reference, payer
from payouts.services import funding


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.OPERATOR, Role.BUYER)
def fund(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the pot to its buyer, and let an operator record what the bank statement says."""
    may_record = is_operator(request.user)
    requests = visible_requests(request.user) if may_record else own_requests(request.user)
    data_request = get_object_or_404(requests, pk=pk)
    form = FundingForm(request.POST or None, currency=data_request.currency) if may_record else None
    if request.method == "POST":
        if form is None:
            return render(request, "403.html", status=NotAllowedError.status)
        if form.is_valid() and _recorded(request, data_request, form):
            return redirect("payouts:fund", data_request.pk)
    context = {
        "data_request": data_request,
        "form": form,
        "pot": pot_of(data_request),
        "moves": pot_history(data_request),
        "reference": funding_reference(data_request),
        "account": _account(),
    }
    return render(request, "payouts/fund.html", context, status=400 if form is not None and form.errors else 200)


def _account() -> Payer | None:
    """The platform's account, which buyers pay into and sellers are paid from; None where the operator set none."""
    try:
        return payer()
    except PaymentFileError:
        return None


def _recorded(request: SignedInRequest, data_request: DataRequest, form: FundingForm) -> bool:
    amount_minor = form.cleaned_data["amount"]
    try:
        recorded = funding.record(
            request=data_request,
            amount_minor=amount_minor,
            bank_reference=form.cleaned_data["bank_reference"],
            by=request.user,
        )
    except FaircutError as error:
        form.add_error("bank_reference", error.in_words)
        return False
    if recorded.is_replay:
        reference = recorded.transaction.reference
        messages.info(request, f"The payment {reference} was recorded already; it counts once.")
    else:
        amount = format_amount(amount_minor, data_request.currency)
        messages.success(request, f"{amount} from the buyer is in the pot.")
    return True
