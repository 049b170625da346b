"""The first page, by what the person does here.

It stands with the payouts, though it shows requests and datasets too: what was earned is the first thing that a seller
looks for, and apps import one way.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.models import Role
from marketplace.selectors.access import organizations_of, roles_of
from marketplace.selectors.organizations import invitations_to
from marketplace.selectors.requests import visible_requests, with_accepted
from payouts.selectors.home import LISTED_MAX, buyer_needs, operator_needs, posted_results, seller_home


def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "marketplace/welcome.html")
    roles = roles_of(request.user)
    context: dict[str, Any] = {"invitations": invitations_to(request.user), "needs": []}
    if Role.OPERATOR in roles:
        context["needs"] += operator_needs()
        context["all_requests"] = with_accepted(visible_requests(request.user))[:LISTED_MAX]
    if Role.BUYER in roles:
        context["needs"] += buyer_needs(request.user)
        context["results"] = posted_results(request.user)
        own = visible_requests(request.user).filter(buyer__in=organizations_of(request.user, Role.BUYER))
        context["own_requests"] = with_accepted(own)
    if Role.SELLER in roles:
        context["seller"] = seller_home(request.user)
        context["needs"] += context["seller"].needs
    return render(request, "payouts/home.html", context)
