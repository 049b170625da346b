"""An upload in five steps: the file, how we read it, its columns, problems and profile, and submitting it."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.basics.errors import ConflictError
from marketplace.forms.uploads import ColumnsForm, ReadingForm, UploadForm
from marketplace.ingest import Preview, Problem, Reading, TableSchema
from marketplace.ingest.problems import KINDS, listed
from marketplace.models import DataRequest, DatasetVersion, Role, UploadDraft
from marketplace.people.access import role_required
from marketplace.selectors import uploads
from marketplace.selectors.access import organizations_of
from marketplace.selectors.datasets import categories_of, numbers_of
from marketplace.selectors.requests import columns_in_words, visible_requests
from marketplace.services import submissions, upload_drafts
from marketplace.services.datasets import OwnRequestError, QuotaError, RequestClosedError
from marketplace.services.uploads import UploadRefusedError
from marketplace.views.signed_in import SignedInRequest
from marketplace.views.size_limit import size_limited

PAGE_OF = {
    UploadDraft.State.READING: "marketplace:upload_reading",
    UploadDraft.State.MATCHING: "marketplace:upload_columns",
    UploadDraft.State.CHECKED: "marketplace:upload_check",
}


def own_draft(view: Callable[[SignedInRequest, UploadDraft], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the seller's open upload; one that was submitted, as behind the Back button, leads to its dataset."""

    @wraps(view)
    def found(request: SignedInRequest, pk: UUID) -> HttpResponse:
        entered = uploads.entered_version(request.user, pk)
        if entered is not None:
            return redirect("marketplace:version_detail", pk=entered)
        return view(request, get_object_or_404(uploads.own_drafts(request.user), pk=pk))

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.SELLER)
@size_limited
def upload(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(visible_requests(request.user), pk=pk)
    organizations = organizations_of(request.user, Role.SELLER)
    if request.method != "POST":
        if not data_request.is_open:
            return _closed(request, data_request)
        form = UploadForm(organizations=organizations, initial={"name": request.GET.get("name", "")})
        return _upload_page(request, data_request, form)
    form = UploadForm(request.POST, request.FILES, organizations=organizations)
    if not form.is_valid():
        return _upload_page(request, data_request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _receive(request, data_request, form)


def _receive(request: SignedInRequest, data_request: DataRequest, form: UploadForm) -> HttpResponse:
    try:
        received = upload_drafts.receive(
            request=data_request,
            organization=form.cleaned_data["organization"],
            dataset_name=form.cleaned_data["name"],
            file=form.cleaned_data["file"],
            by=request.user,
        )
    except UploadRefusedError as refused:
        return _upload_page(request, data_request, form, refused=refused, status=refused.status)
    except (QuotaError, OwnRequestError) as error:
        form.add_error(None, error.in_words)
        return _upload_page(request, data_request, form, status=error.status)
    except RequestClosedError:
        return _closed(request, data_request)
    if isinstance(received, DatasetVersion):
        messages.info(request, f"This file is {received} already.")
        return _go_to(request, reverse("marketplace:version_detail", args=[received.pk]))
    return _go_to(request, reverse(PAGE_OF[UploadDraft.State(received.state)], args=[received.pk]))


def _go_to(request: SignedInRequest, url: str) -> HttpResponse:
    """Lead on; a script that shows progress asks where to, because it would follow a redirect unseen."""
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return JsonResponse({"location": url}, status=HTTPStatus.CREATED)
    return redirect(url)


def _upload_page(
    request: SignedInRequest,
    data_request: DataRequest,
    form: UploadForm,
    *,
    refused: UploadRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "data_request": data_request,
        "form": form,
        "refused": refused,
        "kinds": [(KINDS[code], times) for code, times in refused.counts.items()] if refused else [],
        "drafts": uploads.own_drafts(request.user).filter(request=data_request),
        "steps": uploads.steps_of(None, current=1),
    }
    return render(request, "marketplace/upload.html", context, status=status)


def _closed(request: SignedInRequest, data_request: DataRequest) -> HttpResponse:
    messages.error(request, "This request takes no data now.")
    return _go_to(request, reverse("marketplace:request_detail", args=[data_request.pk]))


@require_safe
@role_required(Role.SELLER)
@own_draft
def upload_draft(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Go on where the upload was left."""
    return _next_step(draft)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.SELLER)
@own_draft
def upload_reading(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    try:
        return _reading(request, draft)
    except ConflictError as ended:
        return _ended(request, draft, ended)


def _reading(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    reading, problem = Reading.from_json(draft.reading), None
    form = ReadingForm(request.POST if request.method == "POST" else None, reading=reading)
    if draft.format == "parquet" or not form.is_bound:
        return _reading_page(request, draft, form, upload_drafts.preview_of(draft=draft, reading=reading))
    if not form.is_valid():
        return _reading_page(
            request,
            draft,
            form,
            upload_drafts.preview_of(draft=draft, reading=reading),
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    try:
        draft = upload_drafts.read_as(draft=draft, **form.cleaned_data, by=request.user)
    except UploadRefusedError as refused:
        [problem] = refused.problems
        return _reading_page(request, draft, form, problem, status=refused.status)
    if "preview" in request.POST:
        return redirect("marketplace:upload_reading", pk=draft.pk)
    return _next_step(draft)


def _reading_page(
    request: SignedInRequest, draft: UploadDraft, form: ReadingForm, seen: Preview | Problem, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"form": form} if draft.format == "csv" else {}
    context |= {"problems": [seen]} if isinstance(seen, Problem) else {"seen": seen}
    return _page(request, draft, "upload_reading", context, current=2, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.SELLER)
@own_draft
def upload_columns(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    try:
        return _columns(request, draft)
    except ConflictError as ended:
        return _ended(request, draft, ended)


def _columns(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    reading = Reading.from_json(draft.reading)
    seen = upload_drafts.preview_of(draft=draft, reading=reading)
    if isinstance(seen, Problem):
        return redirect("marketplace:upload_reading", pk=draft.pk)
    schema = TableSchema.from_json(draft.request.schema)
    form = ColumnsForm(request.POST if request.method == "POST" else None, schema=schema, reading=reading, seen=seen)
    if form.is_bound and form.is_valid():
        return _next_step(upload_drafts.match_columns(draft=draft, positions=form.positions, by=request.user))
    words = {column.name: column for column in columns_in_words(draft.request)}
    not_found = uploads.not_found(reading, schema)
    context = {
        "not_found": listed(not_found),
        "not_found_count": len(not_found),
        "form": form,
        "rows": [(words[column.name], field) for column, field in form.rows()],
        "left_out": uploads.left_out(reading),
        "labels": len(seen.labels),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return _page(request, draft, "upload_columns", context, current=3, status=status)


@require_safe
@role_required(Role.SELLER)
@own_draft
def upload_check(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    if draft.state != UploadDraft.State.CHECKED:
        return _next_step(draft)
    reading, findings = Reading.from_json(draft.reading), draft.findings or {}
    profile = findings["profile"]
    schema = draft.request.schema
    context = {
        "problems": uploads.problems_of(findings),
        "total": sum(findings["counts"].values()),
        "kinds": uploads.kinds_of(findings),
        "relaxable": uploads.relaxable(draft),
        "change": uploads.change_of(draft),
        "same_file": uploads.same_file(draft),
        "version_before": uploads.version_before(draft),
        "reading": reading,
        "left_out": uploads.left_out(reading),
        "renamed": uploads.renamed(reading),
        "profile": profile,
        "numbers": numbers_of(profile, schema) if profile else [],
        "categories": categories_of(profile) if profile else [],
    }
    return _page(request, draft, "upload_check", context, current=4)


@require_POST
@role_required(Role.SELLER)
@own_draft
def upload_relax(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    try:
        draft = upload_drafts.relax(draft=draft, columns=request.POST.getlist("column"), by=request.user)
    except ConflictError as ended:
        return _ended(request, draft, ended)
    return _next_step(draft)


@require_POST
@role_required(Role.SELLER)
@own_draft
def upload_submit(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    try:
        submission = submissions.submit_draft(draft=draft, by=request.user)
    except (ConflictError, QuotaError) as refused:
        return _ended(request, draft, refused)
    messages.success(request, f"{submission.version} is submitted.")
    return redirect("marketplace:version_detail", pk=submission.version_id)


@require_POST
@role_required(Role.SELLER)
@own_draft
def upload_discard(request: SignedInRequest, draft: UploadDraft) -> HttpResponse:
    try:
        upload_drafts.discard(draft=draft, by=request.user)
    except ConflictError as ended:
        return _ended(request, draft, ended)
    messages.success(request, f"{draft.filename} is discarded.")
    return redirect("marketplace:request_detail", pk=draft.request_id)


def _next_step(draft: UploadDraft) -> HttpResponse:
    return redirect(PAGE_OF[UploadDraft.State(draft.state)], pk=draft.pk)


def _ended(request: SignedInRequest, draft: UploadDraft, refused: ConflictError | QuotaError) -> HttpResponse:
    messages.error(request, refused.in_words)
    return redirect("marketplace:request_detail", pk=draft.request_id)


def _page(
    request: SignedInRequest,
    draft: UploadDraft,
    name: str,
    context: dict[str, Any],
    *,
    current: int,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context |= {
        "draft": draft,
        "data_request": draft.request,
        "steps": uploads.steps_of(draft, current=current),
        "reading_in_words": uploads.reading_in_words(draft.reading, is_csv=draft.format == "csv"),
    }
    return render(request, f"marketplace/{name}.html", context, status=status)
