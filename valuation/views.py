"""The buyer's pages that need the engine: choosing a model, and its dry run with a quote."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.basics.errors import FaircutError
from marketplace.models import DataRequest, Role
from marketplace.people.access import role_required
from marketplace.selectors.drafts import own_requests, steps_of
from marketplace.services import drafts
from marketplace.views.draft_steps import draft_step, next_page
from marketplace.views.signed_in import SignedInRequest
from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Task
from valuation.core.models import ModelSpec
from valuation.core.models.catalogue import model_of, models_for
from valuation.forms import ModelForm, ParametersForm, QuoteForm
from valuation.models.quotes import STEPS
from valuation.selectors.game_terms import FREE_DISPOSAL
from valuation.selectors.quotes import WORKERS, latest_quote, step_in_words, view_of
from valuation.services import quotes


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def request_model(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    """Choose what is trained and what it is judged by; a newly chosen model gets its defaults."""
    if not draft.target:
        messages.error(request, "Choose the target first: the task decides which models there are.")
        return redirect("marketplace:draft_target", draft.pk)
    task = cast("Task", draft.task)
    chosen = model_of(draft.model_spec, task)
    initial = {"model": chosen.key if chosen else models_for(task)[0].key, "metric": draft.metric}
    form = ModelForm(request.POST or None, task=task, initial=initial)
    if request.method == "POST" and form.is_valid():
        model = next(model for model in models_for(task) if model.key == form.cleaned_data["model"])
        metric = form.cleaned_data["metric"]
        # Another model or metric begins with its own defaults: whether classes weigh alike follows from the metric.
        spec = draft.model_spec if (model, metric) == (chosen, draft.metric) else model.spec(model.defaults)
        if _kept(request, draft, form, spec, metric):
            messages.success(request, f"{model.title} is kept.")
            return redirect("valuation:request_parameters", draft.pk)
    return _page(request, draft, form, "Model and metric")


@require_http_methods(["GET", "HEAD", "POST"])
@draft_step
def request_parameters(request: SignedInRequest, draft: DataRequest) -> HttpResponse:
    """Set the parameters of the chosen model."""
    chosen = model_of(draft.model_spec, cast("Task", draft.task)) if draft.task else None
    if chosen is None:
        messages.error(request, "Choose the model first.")
        return redirect("valuation:request_model", draft.pk)
    spec = ModelSpec.from_json({**draft.model_spec, "metric": draft.metric})
    form = ParametersForm(request.POST or None, model=chosen, spec=spec, initial=chosen.values_of(draft.model_spec))
    is_readable = request.method == "POST" and form.is_valid()
    if is_readable and _kept(request, draft, form, chosen.spec(form.values()) | form.terms(), draft.metric):
        messages.success(request, f"The parameters of {chosen.title} are kept.")
        return next_page(draft)
    note = f"{chosen.sentence} {FREE_DISPOSAL}"
    return _page(request, draft, form, f"Parameters of {chosen.title}", note=note)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.BUYER)
def quote(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask for a dry run, watch it, read what it says."""
    data_request = get_object_or_404(own_requests(request.user), pk=pk)
    asked = latest_quote(data_request)
    initial = {"sellers": asked.sellers, "rows_per_seller": asked.rows_per_seller} if asked else None
    form = QuoteForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            quotes.ask(request=data_request, by=request.user, **form.cleaned_data)
        except FaircutError as error:
            form.add_error(None, error.in_words)
        else:
            return redirect("valuation:quote", pk)
    context = _quote_context(data_request) | {"form": form}
    return render(request, "valuation/quote.html", context, status=422 if form.errors else 200)


@require_safe
@role_required(Role.BUYER)
def quote_progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the quote's page that changes while it is at work."""
    data_request = get_object_or_404(own_requests(request.user), pk=pk)
    return render(request, "valuation/_quote.html", _quote_context(data_request))


def _quote_context(data_request: DataRequest) -> dict[str, Any]:
    asked = latest_quote(data_request)
    can_ask = bool(data_request.model_spec and data_request.metric and data_request.validation_sha256)
    context: dict[str, Any] = {"data_request": data_request, "quote": asked, "can_ask": can_ask}
    if asked is None:
        return context
    return context | {
        "view": view_of(asked),
        "workers": WORKERS,
        "step": step_in_words(asked),
        "steps_total": len(STEPS),
        "rows": asked.sellers * asked.rows_per_seller,
    }


def _kept(
    request: SignedInRequest, draft: DataRequest, form: ModelForm | ParametersForm, spec: dict[str, Any], metric: str
) -> bool:
    """Check a model in full and keep it; what stands in the way is told on the form."""
    try:
        # Every default is written down: what is committed to at opening must not change with a later default.
        whole = ModelSpec.from_json({**spec, "metric": metric}).to_json()
        del whole["metric"]
        drafts.set_model(request=draft, task=draft.task, model_spec=whole, metric=metric, by=request.user)
    except InvalidSpecError as error:
        name = error.field.rpartition(".")[2]
        form.add_error(name if name in form.fields else None, f"Expected: {error.expected}.")
        return False
    except FaircutError as error:
        form.add_error(None, error.in_words)
        return False
    return True


def _page(
    request: SignedInRequest, draft: DataRequest, form: ModelForm | ParametersForm, title: str, note: str = ""
) -> HttpResponse:
    context = {
        "draft": draft,
        "form": form,
        "title": title,
        "note": note,
        "steps": steps_of(draft),
        "button": "Keep and go on",
    }
    return render(request, "marketplace/draft_form.html", context, status=422 if form.errors else 200)
