"""Requests: the list, what one asks for, and the header that a seller's file needs."""

import csv
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.selectors.requests import (
    columns_in_words,
    metric_in_words,
    model_in_words,
    visible_requests,
    with_accepted,
)
from marketplace.selectors.submissions import visible_submissions
from marketplace.views.signed_in import SignedInRequest

PAGE_SIZE = 25


@login_required
def request_list(request: SignedInRequest) -> HttpResponse:
    pages = Paginator(with_accepted(visible_requests(request.user)), PAGE_SIZE)
    return render(request, "marketplace/request_list.html", {"page": pages.get_page(request.GET.get("page"))})


@login_required
def request_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(with_accepted(visible_requests(request.user)), pk=pk)
    context = {
        "data_request": data_request,
        "columns": columns_in_words(data_request),
        "model": model_in_words(data_request),
        "metric": metric_in_words(data_request),
        "submissions": visible_submissions(data_request, request.user),
    }
    return render(request, "marketplace/request_detail.html", context)


@login_required
def request_template(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(visible_requests(request.user), pk=pk)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="template.csv"'}
    )
    csv.writer(response).writerow(column["name"] for column in data_request.schema["columns"])
    return response
