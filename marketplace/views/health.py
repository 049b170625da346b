"""What a load balancer asks: is the process alive, and can it serve people."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.selectors.readiness import readiness


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers; it asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say of the database, the broker and the storage whether they answer; 503 where one does not."""
    answers = readiness()
    status = HTTPStatus.OK if all(answers.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({name: "ok" if answers[name] else "unreachable" for name in answers}, status=status)
