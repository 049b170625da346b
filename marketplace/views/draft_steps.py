"""What the steps of the guided request share: whose draft it is, its form, and where a kept step leads."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from marketplace.basics.errors import FaircutError
from marketplace.models import DataRequest, Role
from marketplace.people.access import role_required
from marketplace.selectors.drafts import grouped, missing_steps, own_requests, steps_of, too_narrow
from marketplace.services.uploads import UploadRefusedError
from marketplace.views.signed_in import SignedInRequest


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


def kept(
    request: SignedInRequest, draft: DataRequest, form: forms.Form, title: str, keep: Callable[[], None]
) -> HttpResponse:
    try:
        keep()
    except FaircutError as error:
        form.add_error(None, error.in_words)
        return form_page(request, draft, form, title)
    messages.success(request, f"{title}: kept.")
    tell_forgotten(request, draft)
    return next_page(draft)


def form_page(request: SignedInRequest, draft: DataRequest, form: forms.Form, title: str) -> HttpResponse:
    context = {"draft": draft, "form": form, "title": title, "steps": steps_of(draft), "button": "Keep and go on"}
    return render(request, "marketplace/draft_form.html", context, status=422 if form.errors else 200)


def next_page(draft: DataRequest) -> HttpResponse:
    """Where a kept step leads: to the first that is missing, or to the review."""
    draft.refresh_from_db()
    missing = missing_steps(draft)
    return redirect(missing[0].url_name if missing else "marketplace:draft_review", draft.pk)


def tell_forgotten(request: SignedInRequest, draft: DataRequest) -> None:
    """Say that a change made the buyer's own rows go; no step waits for them, so that nothing else would tell."""
    had = draft.base_rows
    draft.refresh_from_db()
    if had and not draft.base_rows:
        messages.warning(request, "Your own rows were held against other columns and are removed. Upload them again.")


def refused_step(request: SignedInRequest, draft: DataRequest, error: FaircutError) -> HttpResponse:
    messages.error(request, error.in_words)
    return redirect("marketplace:request_detail", draft.pk)


def refused_file(draft: DataRequest, refused: UploadRefusedError) -> dict[str, Any]:
    """What `_draft_refused.html` says of a file of the buyer's with problems."""
    problems = grouped(refused.problems)
    return {
        "refused": refused,
        "problems": problems,
        # Those beyond what is kept are only counted, and cannot be grouped.
        "total": refused.total if refused.total > len(refused.problems) else len(problems),
        "too_narrow": too_narrow(draft, refused.problems),
    }
