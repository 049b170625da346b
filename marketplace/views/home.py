"""The first page, by what the person does here."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.models import DataRequest, Role
from marketplace.selectors.access import organizations_of, roles_of
from marketplace.selectors.datasets import latest_versions
from marketplace.selectors.requests import visible_requests, with_accepted

LISTED_MAX = 10


def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "marketplace/welcome.html")
    roles = roles_of(request.user)
    requests = with_accepted(visible_requests(request.user))
    context: dict[str, Any] = {}
    if Role.SELLER in roles:
        context["versions"] = latest_versions(request.user)
        context["open_requests"] = requests.filter(state=DataRequest.State.OPEN)[:LISTED_MAX]
    if Role.BUYER in roles:
        context["own_requests"] = requests.filter(buyer__in=organizations_of(request.user, Role.BUYER))
    if Role.OPERATOR in roles:
        context["all_requests"] = requests[:LISTED_MAX]
    return render(request, "marketplace/home.html", context)
