"""The page that people see when something fails on our side, with the id to quote."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template import loader

from marketplace.web.request_id import current_request_id


def server_error(_request: HttpRequest) -> HttpResponse:
    """Render without the request: whatever failed may be part of what pages usually ask of it."""
    page = loader.render_to_string("500.html", {"request_id": current_request_id()})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)
