"""What a request's data did to the buyer's model; for the buyer and for operators, once a round is posted."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from marketplace.views.signed_in import SignedInRequest
from payouts.selectors.buyer.results import buyer_results, results_open_to, segment_chart, settled_rounds


@login_required
@require_safe
def request_results(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(results_open_to(request.user), pk=pk)
    rounds = list(settled_rounds(data_request))
    if not rounds:
        return render(request, "payouts/request_results.html", {"data_request": data_request})
    asked = request.GET.get("round", str(rounds[0].pk))
    chosen = next((each for each in rounds if str(each.pk) == asked), None)
    if chosen is None:
        raise Http404
    results = buyer_results(chosen)
    column = request.GET.get("by", "")
    context = {
        "data_request": data_request,
        "results": results,
        "other_rounds": [each for each in rounds if each is not chosen],
        "column": column,
        "by_segment": segment_chart(chosen, column) if column in results.segment_columns else None,
    }
    return render(request, "payouts/request_results.html", context)
