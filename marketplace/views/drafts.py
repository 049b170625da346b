"""The guided request: one page a step, each keeping what was done, until the buyer opens it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.basics.errors import FaircutError
from marketplace.forms.drafts import BudgetForm, NewRequestForm, TargetForm, WordsForm
from marketplace.models import DataRequest, Role
from marketplace.people.access import role_required
from marketplace.selectors.access import organizations_of
from marketplace.selectors.drafts import class_balance, missing_steps, own_requests, steps_of
from marketplace.selectors.requests import columns_in_words
from marketplace.services import drafts
from marketplace.views.draft_steps import draft_step, form_page, kept, refused_step
from marketplace.views.signed_in import SignedInRequest


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
        return kept(
            request,
            draft,
            form,
            "Title and words",
            lambda: drafts.set_words(
                request=draft, title=given["title"], description=given["description"], by=request.user
            ),
        )
    return form_page(request, draft, form, "Title and words")


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
        return kept(
            request,
            draft,
            form,
            "Target and task",
            lambda: drafts.set_target(request=draft, target=given["target"], task=given["task"], by=request.user),
        )
    return form_page(request, draft, form, "Target and task")


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def draft_budget(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    form = BudgetForm(request.POST or None, initial=BudgetForm.initial_of(draft))
    if request.method == "POST" and form.is_valid():
        names = ("pot_minor", "currency", "precision_target", "evaluations_max")
        given = {name: form.cleaned_data[name] for name in names}
        return kept(
            request,
            draft,
            form,
            "Budget and precision",
            lambda: drafts.set_budget(request=draft, **given, by=request.user),
        )
    return form_page(request, draft, form, "Budget and precision")


@draft_step
def draft_review(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    missing = missing_steps(draft)
    context: dict[str, Any] = {"draft": draft, "missing": missing, "steps": steps_of(draft)}
    if not missing:
        context |= {
            "columns": columns_in_words(draft),
            "balance": class_balance(draft),
        }
    return render(request, "marketplace/draft_review.html", context)


@require_POST
@draft_step
def request_open(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    try:
        drafts.open_draft(request=draft, by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
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
        return refused_step(request, draft, error)
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
