"""Requests: the list, what one asks for, and the header that a seller's file needs."""

import csv
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.selectors.access import is_operator
from marketplace.selectors.drafts import missing_steps, own_requests, steps_of
from marketplace.selectors.requests import (
    columns_in_words,
    may_be_answered_by,
    submitted_in_words,
    visible_requests,
    with_accepted,
)
from marketplace.selectors.submissions import visible_submissions
from marketplace.selectors.uploads import example_rows, own_drafts
from marketplace.views.signed_in import SignedInRequest

PAGE_SIZE = 25


@login_required
def request_list(request: SignedInRequest) -> HttpResponse:
    pages = Paginator(with_accepted(visible_requests(request.user)), PAGE_SIZE)
    context = {"page": pages.get_page(request.GET.get("page")), "exactly": is_operator(request.user)}
    return render(request, "marketplace/request_list.html", context)


@login_required
def request_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(with_accepted(visible_requests(request.user)), pk=pk)
    is_own = own_requests(request.user).filter(pk=pk).exists()
    if is_own and data_request.is_draft:
        context = {"draft": data_request, "steps": steps_of(data_request), "missing": missing_steps(data_request)}
        return render(request, "marketplace/draft_detail.html", context)
    context = {
        "data_request": data_request,
        "is_own": is_own,
        "can_sell": may_be_answered_by(data_request, request.user),
        "submitted": submitted_in_words(data_request, exactly=is_operator(request.user)),
        "columns": columns_in_words(data_request),
        "submissions": visible_submissions(data_request, request.user),
    }
    if data_request.is_open:
        context |= {
            "examples": example_rows(data_request.schema),
            "drafts": own_drafts(request.user).filter(request=data_request),
        }
    return render(request, "marketplace/request_detail.html", context)


@login_required
def request_template(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(visible_requests(request.user), pk=pk)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="template.csv"'}
    )
    csv.writer(response).writerow(column["name"] for column in data_request.schema.get("columns", []))
    return response
