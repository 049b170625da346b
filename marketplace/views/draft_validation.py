"""The validation rows of a guided request, with what is wrong in a file that is refused."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.basics.errors import FaircutError
from marketplace.forms.drafts import ValidationForm
from marketplace.models import DataRequest
from marketplace.selectors.drafts import class_balance, steps_of
from marketplace.selectors.requests import columns_in_words
from marketplace.services import drafts
from marketplace.services.uploads import UploadRefusedError
from marketplace.views.draft_steps import draft_step, refused_file
from marketplace.views.signed_in import SignedInRequest
from marketplace.views.size_limit import size_limited


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
@size_limited
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
        form.add_error("file", error.in_words)
        return _validation_page(request, draft, form, status=422)
    messages.success(request, "The validation rows are kept and hashed. No seller sees them.")
    return redirect("marketplace:draft_validation", draft.pk)


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
        "steps": steps_of(draft),
        "columns": columns_in_words(draft),
        "balance": class_balance(draft),
    }
    if refused:
        context |= refused_file(draft, refused)
    return render(request, "marketplace/draft_validation.html", context, status=status)
