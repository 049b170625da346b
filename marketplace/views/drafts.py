"""The guided request: one page a step, each keeping what was done, until the buyer opens it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.forms.drafts import (
    BudgetForm,
    ColumnForm,
    NewRequestForm,
    SampleForm,
    TargetForm,
    ValidationForm,
    WordsForm,
)
from marketplace.ingest.sample import Sample
from marketplace.models import DataRequest, Role
from marketplace.selectors.access import organizations_of
from marketplace.selectors.drafts import class_balance, grouped, missing_steps, own_requests, steps_of, too_narrow
from marketplace.selectors.requests import columns_in_words, metric_in_words, model_in_words
from marketplace.services import drafts
from marketplace.services.uploads import UploadRefusedError
from marketplace.shared.access import role_required
from marketplace.shared.errors import FaircutError
from marketplace.views.signed_in import SignedInRequest
from marketplace.views.size_limit import SizeLimit


def draft_step(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the buyer's draft; a request that is open already sends them to its page, with the reason."""

    @wraps(view)
    @role_required(Role.BUYER)
    def guarded(request: SignedInRequest, pk: UUID, **kwargs: Any) -> HttpResponse:
        data_request = get_object_or_404(own_requests(request.user), pk=pk)
        if not data_request.is_draft:
            messages.error(request, "The terms of this request are committed and cannot change any more.")
            return redirect("marketplace:request_detail", pk)
        return view(request, data_request, **kwargs)

    return guarded


def file_step(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A step that takes a file: its size is bounded before the CSRF check reads the body."""

    @csrf_protect
    def protected(request: SignedInRequest, draft: DataRequest, size_limit: SizeLimit) -> HttpResponse:
        request.FILES.keys()  # reads the body
        if size_limit.is_exceeded:
            return render(request, "413.html", {"limit": settings.FAIRCUT_UPLOAD_MAX_BYTES}, status=413)
        return view(request, draft)

    # Exempt only until the size limit is in place; the inner view is protected.
    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @draft_step
    @wraps(view)
    def limited(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
        size_limit = SizeLimit(request)
        request.upload_handlers.insert(0, size_limit)
        response: HttpResponse = protected(request, draft, size_limit)
        return response

    return limited


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.BUYER)
def request_new(request: SignedInRequest) -> HttpResponse:
    organizations = organizations_of(request.user, Role.BUYER)
    form = NewRequestForm(request.POST or None, organizations=organizations)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        draft = drafts.start(
            buyer=given["organization"], title=given["title"], description=given["description"], by=request.user
        )
        messages.success(request, "The draft is kept; only your organisation sees it.")
        return redirect("marketplace:draft_columns", draft.pk)
    context = {"form": form, "title": "New request", "button": "Keep and go on"}
    return render(request, "marketplace/draft_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_words(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    form = WordsForm(request.POST or None, initial={"title": draft.title, "description": draft.description})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        return _kept(
            request,
            draft,
            form,
            "Title and words",
            lambda: drafts.set_words(
                request=draft, title=given["title"], description=given["description"], by=request.user
            ),
        )
    return _form_page(request, draft, form, "Title and words")


@file_step
def draft_columns(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    if request.method != "POST":
        return _columns_page(request, draft, SampleForm())
    form = SampleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _columns_page(request, draft, form, status=422)
    try:
        sample = drafts.take_columns(request=draft, file=form.cleaned_data["file"], by=request.user)
    except UploadRefusedError as refused:
        return _columns_page(request, draft, form, refused=refused, status=refused.status)
    except FaircutError as error:
        return _refused(request, draft, error)
    _tell_sample(request, sample)
    return redirect("marketplace:draft_columns", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_column(request: SignedInRequest, draft: DataRequest, place: int | None = None) -> HttpResponse:
    columns = draft.schema.get("columns", [])
    if place is not None and not 0 <= place < len(columns):
        messages.error(request, "There is no such column any more.")
        return redirect("marketplace:draft_columns", draft.pk)
    initial = None if place is None else ColumnForm.initial_of(columns[place])
    form = ColumnForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            drafts.set_column(request=draft, place=place, column=form.column(), by=request.user)
        except FaircutError as error:
            form.add_error(None, f"{error.message} {error.remedy}")
        else:
            messages.success(request, f"The column {form.cleaned_data['name']} is kept.")
            return redirect("marketplace:draft_columns", draft.pk)
    context = {"draft": draft, "form": form, "place": place, "name": None if place is None else columns[place]["name"]}
    return render(request, "marketplace/draft_column.html", context, status=422 if form.errors else 200)


@require_POST
@draft_step
def draft_column_remove(request: SignedInRequest, draft: DataRequest, place: int) -> HttpResponse:
    try:
        drafts.remove_column(request=draft, place=place, by=request.user)
    except FaircutError as error:
        messages.error(request, f"{error.message} {error.remedy}")
    else:
        messages.success(request, "The column is left out.")
    return redirect("marketplace:draft_columns", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_target(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    columns = draft.schema.get("columns", [])
    if not columns:
        messages.error(request, "Describe the columns first: the target is one of them.")
        return redirect("marketplace:draft_columns", draft.pk)
    initial = {"target": draft.target, "task": draft.task}
    form = TargetForm(request.POST or None, columns=columns, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        return _kept(
            request,
            draft,
            form,
            "Target and task",
            lambda: drafts.set_target(request=draft, target=given["target"], task=given["task"], by=request.user),
        )
    return _form_page(request, draft, form, "Target and task")


@file_step
def draft_validation(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    if not draft.target:
        messages.error(request, "Choose the target first: the rows are checked for it.")
        return redirect("marketplace:draft_target", draft.pk)
    if request.method != "POST":
        return _validation_page(request, draft, ValidationForm())
    form = ValidationForm(request.POST, request.FILES)
    if not form.is_valid():
        return _validation_page(request, draft, form, status=422)
    try:
        drafts.set_validation(request=draft, file=form.cleaned_data["file"], by=request.user)
    except UploadRefusedError as refused:
        return _validation_page(request, draft, form, refused=refused, status=refused.status)
    except FaircutError as error:
        form.add_error("file", f"{error.message} {error.remedy}")
        return _validation_page(request, draft, form, status=422)
    messages.success(request, "The validation rows are kept and hashed. No seller sees them.")
    return redirect("marketplace:draft_validation", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_budget(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None, initial=BudgetForm.initial_of(draft))
    if request.method == "POST" and form.is_valid():
        names = ("pot_minor", "currency", "precision_target", "evaluations_max")
        given = {name: form.cleaned_data[name] for name in names}
        return _kept(
            request,
            draft,
            form,
            "Budget and precision",
            lambda: drafts.set_budget(request=draft, **given, by=request.user),
        )
    return _form_page(request, draft, form, "Budget and precision")


@draft_step
def draft_review(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    missing = missing_steps(draft)
    context: dict[str, Any] = {"draft": draft, "missing": missing, "steps": steps_of(draft)}
    if not missing:
        context |= {
            "columns": columns_in_words(draft),
            "model": model_in_words(draft),
            "metric": metric_in_words(draft),
            "balance": class_balance(draft),
        }
    return render(request, "marketplace/draft_review.html", context)


@require_POST
@draft_step
def request_open(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    try:
        drafts.open_draft(request=draft, by=request.user)
    except FaircutError as error:
        messages.error(request, f"{error.message} {error.remedy}")
        return redirect("marketplace:draft_review", draft.pk)
    messages.success(
        request, "The request is open. Sellers can upload to it now. Next, pay its pot: Funding says where to."
    )
    return redirect("marketplace:request_detail", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_discard(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "marketplace/draft_discard.html", {"draft": draft})
    try:
        drafts.discard(request=draft, by=request.user)
    except FaircutError as error:
        return _refused(request, draft, error)
    messages.success(request, f"The draft “{draft.title}” is deleted.")
    return redirect("marketplace:request_list")


@require_POST
@role_required(Role.BUYER)
def request_close(request: SignedInRequest, pk: UUID) -> HttpResponse:
    data_request = get_object_or_404(own_requests(request.user), pk=pk)
    try:
        drafts.close(request=data_request, by=request.user)
    except FaircutError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The request is closed. What was submitted can still be valued and paid.")
    return redirect("marketplace:request_detail", pk)


def next_page(draft: DataRequest) -> HttpResponse:
    """Where a kept step leads: to the first that is missing, or to the review."""
    draft.refresh_from_db()
    missing = missing_steps(draft)
    return redirect(missing[0].url_name if missing else "marketplace:draft_review", draft.pk)


def _kept(
    request: SignedInRequest, draft: DataRequest, form: forms.Form, title: str, keep: Callable[[], None]
) -> HttpResponse:
    try:
        keep()
    except FaircutError as error:
        form.add_error(None, f"{error.message} {error.remedy}")
        return _form_page(request, draft, form, title)
    messages.success(request, f"{title}: kept.")
    return next_page(draft)


def _form_page(request: SignedInRequest, draft: DataRequest, form: forms.Form, title: str) -> HttpResponse:
    context = {"draft": draft, "form": form, "title": title, "steps": steps_of(draft), "button": "Keep and go on"}
    return render(request, "marketplace/draft_form.html", context, status=422 if form.errors else 200)


def _columns_page(
    request: SignedInRequest,
    draft: DataRequest,
    form: SampleForm,
    *,
    refused: UploadRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    columns = columns_in_words(draft) if draft.schema else []
    context = {"draft": draft, "form": form, "columns": columns, "refused": refused, "steps": steps_of(draft)}
    return render(request, "marketplace/draft_columns.html", context, status=status)


def _validation_page(
    request: SignedInRequest,
    draft: DataRequest,
    form: ValidationForm,
    *,
    refused: UploadRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "draft": draft,
        "form": form,
        "refused": refused,
        "steps": steps_of(draft),
        "columns": columns_in_words(draft),
        "balance": class_balance(draft),
    }
    if refused:
        problems = grouped(refused.problems)
        context |= {
            "problems": problems,
            # Those beyond what is kept are only counted, and cannot be grouped.
            "total": refused.total if refused.total > len(refused.problems) else len(problems),
            "too_narrow": too_narrow(draft, refused.problems),
        }
    return render(request, "marketplace/draft_validation.html", context, status=status)


def _refused(request: SignedInRequest, draft: DataRequest, error: FaircutError) -> HttpResponse:
    messages.error(request, f"{error.message} {error.remedy}")
    return redirect("marketplace:request_detail", draft.pk)


def _tell_sample(request: SignedInRequest, sample: Sample) -> None:
    words = f"{len(sample.columns)} columns were read from {sample.rows:,} rows. Look at each before you go on."
    messages.success(request, words)
    for one in sample.left_out:
        messages.warning(request, f"The column {one.name} is left out: {one.why}. Add it by hand if you want it.")
