"""Pages of signed-in people stay out of every cache, the browser's own included."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from marketplace.models import User


def private_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: after sign-out the Back button shows nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # API clients are no persons: their exports carry ETags and may be kept.
        if isinstance(getattr(request, "user", None), User) and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware
