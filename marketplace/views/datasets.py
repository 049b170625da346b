"""Uploading a file, looking at what it holds, and putting it before the buyer."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.forms import UploadForm
from marketplace.ingest.problems import KINDS
from marketplace.models import DataRequest, DatasetVersion, Role
from marketplace.selectors.access import organizations_of
from marketplace.selectors.copies import rows_left_out
from marketplace.selectors.datasets import categories_of, numbers_of, own_versions, visible_versions
from marketplace.selectors.requests import visible_requests
from marketplace.selectors.submissions import last_submission
from marketplace.services import datasets, submissions
from marketplace.services.datasets import RequestClosedError
from marketplace.services.uploads import UploadRefusedError
from marketplace.shared.access import role_required
from marketplace.views.signed_in import SignedInRequest


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


# Exempt only until the size limit is in place: the CSRF check reads the whole body. The inner view is protected.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.SELLER)
def upload(request: SignedInRequest, pk: UUID) -> HttpResponse:
    size_limit = SizeLimit(request)
    request.upload_handlers.insert(0, size_limit)
    return _upload(request, pk, size_limit)


@csrf_protect
def _upload(request: SignedInRequest, pk: UUID, size_limit: SizeLimit) -> HttpResponse:
    data_request = get_object_or_404(visible_requests(request.user), pk=pk)
    organizations = organizations_of(request.user, Role.SELLER)
    if request.method != "POST":
        if not data_request.is_open:
            return _closed(request, data_request)
        return _upload_page(request, data_request, UploadForm(organizations=organizations))
    form = UploadForm(request.POST, request.FILES, organizations=organizations)
    if size_limit.is_exceeded:
        return render(request, "413.html", {"limit": settings.FAIRCUT_UPLOAD_MAX_BYTES}, status=413)
    if not form.is_valid():
        return _upload_page(request, data_request, form, status=422)
    return _take(request, data_request, form)


def _take(request: SignedInRequest, data_request: DataRequest, form: UploadForm) -> HttpResponse:
    try:
        version = datasets.upload(
            request=data_request,
            organization=form.cleaned_data["organization"],
            dataset_name=form.cleaned_data["name"],
            file=form.cleaned_data["file"],
            by=request.user,
        )
    except UploadRefusedError as refused:
        return _upload_page(request, data_request, form, refused=refused, status=refused.status)
    except RequestClosedError:
        return _closed(request, data_request)
    messages.success(request, f"{version.filename} is stored as {version}. It has no problems.")
    return redirect("marketplace:version_detail", pk=version.pk)


def _upload_page(
    request: SignedInRequest,
    data_request: DataRequest,
    form: UploadForm,
    *,
    refused: UploadRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    kinds = [(KINDS[code], times) for code, times in refused.counts.items()] if refused else []
    context = {"data_request": data_request, "form": form, "refused": refused, "kinds": kinds}
    return render(request, "marketplace/upload.html", context, status=status)


def _closed(request: SignedInRequest, data_request: DataRequest) -> HttpResponse:
    messages.error(request, "This request takes no data now.")
    return redirect("marketplace:request_detail", pk=data_request.pk)


@require_GET
@role_required(Role.SELLER, Role.OPERATOR)
def version_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(visible_versions(request.user), pk=pk)
    submission = last_submission(version)
    is_submitted = submission is not None and submission.state == submission.State.ACCEPTED
    can_change = version.dataset.request.is_open and own_versions(request.user).filter(pk=pk).exists()
    context = {
        "version": version,
        "submission": submission,
        # The word that the seller's home uses too; the buyer accepts nothing by hand.
        "state": "submitted" if is_submitted else submission and submission.state,
        "can_submit": can_change and not is_submitted,
        "can_withdraw": can_change and is_submitted,
        "numbers": numbers_of(version),
        "categories": categories_of(version),
        "rows_left_out": rows_left_out(version),
        "others": version.dataset.versions.exclude(pk=version.pk).order_by("-number"),
    }
    return render(request, "marketplace/version_detail.html", context)


@require_POST
@role_required(Role.SELLER)
def version_submit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(own_versions(request.user), pk=pk)
    try:
        submissions.submit(version=version, by=request.user)
    except RequestClosedError as closed:
        return _unchanged(request, version, closed)
    messages.success(request, f"{version} is submitted.")
    return redirect("marketplace:version_detail", pk=version.pk)


@require_POST
@role_required(Role.SELLER)
def version_withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(own_versions(request.user), pk=pk)
    try:
        submissions.withdraw(version=version, by=request.user)
    except RequestClosedError as closed:
        return _unchanged(request, version, closed)
    messages.success(request, f"{version} is withdrawn.")
    return redirect("marketplace:version_detail", pk=version.pk)


def _unchanged(request: SignedInRequest, version: DatasetVersion, closed: RequestClosedError) -> HttpResponse:
    messages.error(request, closed.message)
    return redirect("marketplace:version_detail", pk=version.pk)
