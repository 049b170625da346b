"""Quotes: rehearse a request's model on the buyer's rows once, and keep what that says of time and precision."""

import datetime as dt
import uuid
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from marketplace.basics.errors import ConflictError
from marketplace.celery import app as celery_app
from marketplace.models import DataRequest, User
from marketplace.services import events
from marketplace.services.datasets import lock_request
from marketplace.services.requests import require_buyer
from valuation.core.checks.class_rehearsal import try_classes
from valuation.core.checks.rehearsal import (
    Market,
    market_sizes,
    project,
    rehearse_market,
    times_as_many,
    try_degenerate,
    try_model,
)
from valuation.core.models import ModelSpec
from valuation.core.models.cost import check_affordable
from valuation.core.models.features import FeatureEncoder
from valuation.models import Quote
from valuation.models.quotes import STEPS
from valuation.selectors.quoted_terms import terms_sha256
from valuation.services.inputs import committed_columns, encoded_base

# Each of the two rehearsed markets may take about this long; a slow model then gets no interval, and the quote says so.
MARKET_SECONDS_MAX = 20.0
SEED = 0
# A hint that nobody has taken up for this long is taken for lost.
HINT_SILENCE_SECONDS = 30
# A task is killed after five minutes, and a lost one comes back within six: a quote at work for longer has no worker.
WORKER_SILENCE_SECONDS = 900


class QuoteRefusedError(ConflictError):
    """There is nothing to rehearse yet."""

    code = "quote_refused"


@transaction.atomic
def ask(*, request: DataRequest, sellers: int, rows_per_seller: int, by: User) -> Quote:
    """Ask for a quote; one that is at work already is returned instead of starting another.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        QuoteRefusedError: Model or validation rows are missing.
    """
    require_buyer(request.buyer, by)
    request = lock_request(request)
    if not (request.target and request.model_spec and request.metric and request.validation_sha256):
        raise QuoteRefusedError(
            "Model and validation rows are needed for a dry run.", remedy="Go through those steps first."
        )
    at_work = Quote.objects.filter(request=request).exclude(state__in=Quote.ENDED).first()
    if at_work is not None:
        return at_work
    quote = Quote.objects.create(
        request=request,
        terms_sha256=terms_sha256(request),
        sellers=sellers,
        rows_per_seller=rows_per_seller,
        requested_by=by,
    )
    events.record(action="quote.asked", subject=quote, by=by, data={"request": str(request.pk)})
    transaction.on_commit(lambda: send(quote_id=quote.pk), robust=True)
    return quote


def send(*, quote_id: uuid.UUID) -> None:
    """Put a hint on the broker; a lost one is sent again by the sweeper."""
    celery_app.send_task("valuation.quote", kwargs={"quote_id": str(quote_id)})


def revive() -> None:
    """Send the hints of quotes again that nobody has taken up for a while; end those whose worker is gone for good."""
    now = timezone.now()
    gone = Quote.objects.filter(
        state=Quote.State.RUNNING, started_at__lt=now - dt.timedelta(seconds=WORKER_SILENCE_SECONDS)
    )
    for pk in gone.values_list("pk", flat=True):
        fail(
            quote_id=pk,
            failure=Quote.Failure.UNFINISHED,
            error="The dry run was interrupted, or the model is too slow for it. Ask once more.",
        )
    long_ago = now - dt.timedelta(seconds=HINT_SILENCE_SECONDS)
    for pk in Quote.objects.filter(state=Quote.State.QUEUED, created_at__lt=long_ago).values_list("pk", flat=True):
        # The sweeper comes every few seconds, and a busy worker may be longer about what it does now.
        if cache.add(f"quote:{pk}", "sent", HINT_SILENCE_SECONDS):
            send(quote_id=pk)


def compute(*, quote_id: uuid.UUID) -> None:
    """Rehearse, and store the result once. A second delivery of the same task computes in vain and changes nothing.

    Raises:
        ValuationError: The model cannot be fitted.
        InputsChangedError: The buyer's rows are not those that were checked.
    """
    at_work = Quote.objects.filter(pk=quote_id).exclude(state__in=Quote.ENDED)
    if not at_work.update(state=Quote.State.RUNNING, started_at=timezone.now(), steps_done=0):
        return
    quote = at_work.select_related("request").get()
    result = _rehearse(quote)
    at_work.update(state=Quote.State.DONE, result=result, steps_done=len(STEPS), finished_at=timezone.now())


def fail(*, quote_id: uuid.UUID, failure: Quote.Failure, error: str) -> None:
    """End a quote that cannot be had, with what kind of failure it is and the sentence that its buyer reads."""
    at_work = Quote.objects.filter(pk=quote_id).exclude(state__in=Quote.ENDED)
    at_work.update(state=Quote.State.FAILED, failure=failure, error=error, finished_at=timezone.now())


def _rehearse(quote: Quote) -> dict[str, Any]:
    request = quote.request
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric})
    columns = committed_columns(request)
    encoder = FeatureEncoder.fit(request.schema, request.target, columns, clip_numbers=spec.clip_numbers)
    features, target = encoder.encode(columns).values, encoder.encode_target(columns)
    own = encoded_base(encoder, request)
    base = (own["X_base"], own["y_base"]) if own else None
    rows = quote.sellers * quote.rows_per_seller
    # Said here rather than when a round starts, and before a worker is kept busy by it.
    check_affordable(spec, n_rows=rows + request.base_rows, n_features=features.shape[1])
    rng = np.random.default_rng(SEED)
    _reached(quote, 1)
    learning = try_model(spec, features, target, rng=rng, base=base)
    try_degenerate(spec, features, target, base=base)
    classes = try_classes(spec, features, target, rng=rng, base=base)
    _reached(quote, 2)
    markets: list[Market] = []
    for step, size in enumerate(market_sizes(quote.sellers, rows), start=3):
        markets.append(
            rehearse_market(
                spec,
                features,
                target,
                sellers=quote.sellers,
                rows=size,
                seconds_max=MARKET_SECONDS_MAX,
                rng=rng,
                base=base,
            )
        )
        _reached(quote, step)
    filling_up = None
    if spec.start_rows:
        plain = rehearse_market(
            replace(spec, start_rows=0),
            features,
            target,
            sellers=quote.sellers,
            rows=markets[0].rows,
            seconds_max=MARKET_SECONDS_MAX,
            rng=rng,
            base=base,
        )
        filling_up = times_as_many(markets[0], plain)
    return {
        "learning": {**asdict(learning), "learns": learning.learns},
        "classes": None if classes is None else asdict(classes),
        "filling_up": filling_up,
        "markets": [asdict(market) for market in markets],
        "projection": asdict(project(markets[0], markets[1], rows=rows)),
        "validation_rows": len(features),
    }


def _reached(quote: Quote, steps: int) -> None:
    Quote.objects.filter(pk=quote.pk, state=Quote.State.RUNNING).update(steps_done=steps)
