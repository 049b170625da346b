"""What the buyer has paid in, recorded by an operator from the bank statement."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from marketplace.models import DataRequest
from marketplace.shared.access import role_required
from marketplace.shared.errors import FaircutError
from marketplace.views.signed_in import SignedInRequest
from payouts.core.money import format_amount
from payouts.forms import FundingForm
from payouts.selectors.balances import payments_into, pot_available_minor
from payouts.services import funding


@role_required("operator")
def fund(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(DataRequest.objects.select_related("buyer"), pk=pk)
    form = FundingForm(request.POST or None, currency=data_request.currency)
    if request.method == "POST" and form.is_valid():
        try:
            recorded = funding.record(
                request=data_request,
                amount_minor=form.cleaned_data["amount"],
                bank_reference=form.cleaned_data["bank_reference"],
                by=request.user,
            )
        except FaircutError as error:
            form.add_error("bank_reference", f"{error.message} {error.remedy}")
        else:
            amount = format_amount(form.cleaned_data["amount"], data_request.currency)
            if recorded.is_replay:
                messages.info(
                    request, f"The payment {recorded.transaction.reference} was recorded already; it counts once."
                )
            else:
                messages.success(request, f"{amount} from the buyer is in the pot.")
            return redirect("payouts:fund", data_request.pk)
    context = {
        "data_request": data_request,
        "form": form,
        "available_minor": pot_available_minor(data_request),
        "payments": payments_into(data_request),
    }
    return render(request, "payouts/fund.html", context, status=400 if form.errors else 200)
