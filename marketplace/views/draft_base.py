"""The rows that a buyer has already: an optional step of the guided request."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.basics.errors import FaircutError
from marketplace.basics.figures import count
from marketplace.forms.drafts import BaseForm
from marketplace.models import DataRequest
from marketplace.selectors.drafts import steps_of
from marketplace.services import drafts
from marketplace.services.uploads import UploadRefusedError
from marketplace.views.draft_steps import draft_step, refused_file
from marketplace.views.signed_in import SignedInRequest
from marketplace.views.size_limit import size_limited


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
@size_limited
def draft_base(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    if not draft.validation_rows:
        messages.error(request, "Upload the validation file first: your own rows are held against it.")
        return redirect("marketplace:draft_validation", draft.pk)
    if request.method != "POST":
        return _base_page(request, draft, BaseForm())
    form = BaseForm(request.POST, request.FILES)
    if not form.is_valid():
        return _base_page(request, draft, form, status=422)
    try:
        left_out = drafts.set_base(request=draft, by=request.user, **form.cleaned_data)
    except UploadRefusedError as refused:
        return _base_page(request, draft, form, refused=refused, status=refused.status)
    except FaircutError as error:
        form.add_error("file", error.in_words)
        return _base_page(request, draft, form, status=422)
    messages.success(request, f"Your own rows are kept and hashed. No seller sees them.{_said(left_out)}")
    return redirect("marketplace:draft_base", draft.pk)


@require_POST
@draft_step
def draft_base_remove(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    try:
        drafts.remove_base(request=draft, by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "Your own rows are removed.")
    return redirect("marketplace:draft_base", draft.pk)


def _said(left_out: int) -> str:
    if not left_out:
        return ""
    return (
        f" {count(left_out)} of the file {'was' if left_out == 1 else 'were'} left out: the validation file has them."
    )


def _base_page(
    request: SignedInRequest,
    draft: DataRequest,
    form: BaseForm,
    *,
    refused: UploadRefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"draft": draft, "form": form, "steps": steps_of(draft)}
    if refused:
        context |= refused_file(draft, refused)
    return render(request, "marketplace/draft_base.html", context, status=status)
