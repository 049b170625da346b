"""Uploads that are too large are read to their end and dropped, so that the answer arrives."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect


class SizeLimit(FileUploadHandler):
    """Stops keeping a file's bytes once they are too many; the rest is read and dropped, so that the answer arrives."""

    received_bytes = 0

    @property
    def is_exceeded(self) -> bool:
        return self.received_bytes > int(settings.FAIRCUT_UPLOAD_MAX_BYTES)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        self.received_bytes += len(raw_data)
        if self.is_exceeded:
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002 - Django's signature; the next handler keeps the file
        return None


def size_limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 413 to a file that is too large; its size is bounded before the CSRF check reads the body.

    Stands innermost: what asks who the person is comes before a body is read.
    """

    @csrf_protect
    def protected(request: HttpRequest, size_limit: SizeLimit, *args: Any, **kwargs: Any) -> HttpResponse:
        request.FILES.keys()  # reads the body
        if size_limit.is_exceeded:
            return render(request, "413.html", {"limit": settings.FAIRCUT_UPLOAD_MAX_BYTES}, status=413)
        return view(request, *args, **kwargs)

    # Exempt only until the size limit is in place: the inner view is protected. Decorators around it carry this along.
    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        size_limit = SizeLimit(request)
        request.upload_handlers.insert(0, size_limit)
        response: HttpResponse = protected(request, size_limit, *args, **kwargs)
        return response

    return limited
