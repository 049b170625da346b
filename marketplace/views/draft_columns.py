"""The columns of a guided request: read from a sample file, then looked at one by one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.basics.errors import FaircutError
from marketplace.forms.drafts import ColumnForm, SampleForm
from marketplace.ingest.sample import Sample
from marketplace.models import DataRequest
from marketplace.selectors.drafts import steps_of
from marketplace.selectors.requests import columns_in_words
from marketplace.services import drafts
from marketplace.services.uploads import UploadRefusedError
from marketplace.views.draft_steps import draft_step, refused_step, tell_forgotten
from marketplace.views.signed_in import SignedInRequest
from marketplace.views.size_limit import size_limited


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
@size_limited
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
        return refused_step(request, draft, error)
    _tell_sample(request, sample)
    tell_forgotten(request, draft)
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
            form.add_error(None, error.in_words)
        else:
            messages.success(request, f"The column {form.cleaned_data['name']} is kept.")
            tell_forgotten(request, draft)
            return redirect("marketplace:draft_columns", draft.pk)
    context = {"draft": draft, "form": form, "place": place, "name": None if place is None else columns[place]["name"]}
    return render(request, "marketplace/draft_column.html", context, status=422 if form.errors else 200)


@require_POST
@draft_step
def draft_column_remove(request: SignedInRequest, draft: DataRequest, place: int) -> HttpResponse:
    try:
        drafts.remove_column(request=draft, place=place, by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
    else:
        messages.success(request, "The column is left out.")
        tell_forgotten(request, draft)
    return redirect("marketplace:draft_columns", draft.pk)


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


def _tell_sample(request: SignedInRequest, sample: Sample) -> None:
    words = f"{len(sample.columns)} columns were read from {sample.rows:,} rows. Look at each before you go on."
    messages.success(request, words)
    for one in sample.left_out:
        messages.warning(request, f"The column {one.name} is left out: {one.why}. Add it by hand if you want it.")
