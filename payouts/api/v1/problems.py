"""Every error of the API as RFC 9457 problem+json, never a page of HTML."""

from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from marketplace.basics.errors import FaircutError
from marketplace.web.request_id import current_request_id

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


def problem_response(error: Exception, context: dict[str, Any]) -> JsonResponse:
    """Map an exception to a problem; DRF's exception handler."""
    request = context.get("request")
    set_rollback()
    status, code, detail = _meaning(error)
    problem: dict[str, Any] = {
        "type": f"urn:faircut:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path if request is not None else "",
        "code": code,
        "request_id": current_request_id(),
    }
    if isinstance(error, exceptions.ValidationError):
        problem["errors"] = _pointers(error.get_full_details())
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("api.error", exc_info=error)
    return JsonResponse(problem, status=status, content_type=MEDIA_TYPE, headers=_headers(error))


# What each expected exception tells the caller: status, stable code, sentence.
_FORESEEN: tuple[tuple[type[Exception], int, str, str], ...] = (
    (Http404, 404, "not_found", "There is nothing at this address that your key may see."),
    (PermissionDenied, 403, "permission_denied", "The key may not do this."),
    (exceptions.ValidationError, 400, "invalid", "The request has values that cannot be used."),
    (DjangoValidationError, 400, "invalid", "The request has values that cannot be used."),
)


def _meaning(error: Exception) -> tuple[int, str, str]:
    """Status, stable code and sentence of an exception; what nobody foresaw tells the caller nothing of the inside."""
    if isinstance(error, FaircutError):
        return error.status, error.code, error.in_words
    for kind, status, code, detail in _FORESEEN:
        if isinstance(error, kind):
            return status, code, detail
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.get_codes()), str(error.detail)
    return 500, "internal", "Something went wrong on our side. Quote the request_id when you ask about it."


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _pointers(details: Any, pointer: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested details to one entry per value, each with its JSON pointer."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        return [{"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}]
    if isinstance(details, dict):
        return [entry for name, inner in details.items() for entry in _pointers(inner, f"{pointer}/{name}")]
    return [entry for inner in details for entry in _pointers(inner, pointer)]
