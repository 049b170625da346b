"""What a seller earned, and why; only of the organisations that the person sells for."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.views.signed_in import SignedInRequest
from payouts.selectors.money.projection import line_records
from payouts.selectors.seller import own_rows
from payouts.selectors.seller.explanations import class_chart, size_chart
from payouts.selectors.seller.most_added import most_added
from payouts.selectors.seller.results import chain, headline, own_lines, value_in_words
from valuation.selectors.units import unit_of


@login_required
@require_safe
def my_results(request: SignedInRequest) -> HttpResponse:
    return render(request, "payouts/my_results.html", {"lines": own_lines(request.user)})


@login_required
@require_safe
def result(request: SignedInRequest, pk: UUID) -> HttpResponse:
    lines = list(own_lines(request.user).filter(round_id=pk))
    if not lines:
        raise Http404
    context = {
        "round": lines[0].round,
        "unit": unit_of(lines[0].round.request.metric),
        "results": [
            {
                "state": line.state if line.amount_minor else "nothing_to_pay",
                "record": record,
                "headline": headline(line),
                "value": value_in_words(line),
                "chain": chain(line),
                "line_id": line.pk,
                "charts": [chart for chart in (size_chart(line), class_chart(line)) if chart is not None],
                "rows": own_rows.own_rows(line),
                "most_added": most_added(line),
            }
            for line, record in zip(lines, line_records(lines), strict=True)
        ],
    }
    return render(request, "payouts/result.html", context)


@login_required
@require_safe
def result_rows(request: SignedInRequest, pk: UUID) -> HttpResponse:
    body = own_rows.to_csv(own_lines(request.user).filter(round_id=pk))
    if body is None:
        raise Http404
    return HttpResponse(
        body,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="row-values.csv"'},
    )
