"""One id from a click to the ledger: on the log lines of web and workers, on audit events, on ledger transactions.

django-structlog makes the id when a request begins and hands it on to the tasks that the request sends.
"""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

ID_LENGTH = 36  # of a UUID as text


def current_request_id() -> str:
    """The id of the request that led here, across tasks; empty where no request did (a command, the sweeper)."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def named_responses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: put the id on every response, so that whoever asks about a page can quote it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Request-ID"] = current_request_id()
        return response

    return middleware
