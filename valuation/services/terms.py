"""The terms that a dry run judges: what it found impossible cannot be opened."""

import hashlib
import json

from marketplace.models import DataRequest
from marketplace.services.requests import RequestRefusedError
from valuation.core.utility import ModelSpec
from valuation.models import Quote
from valuation.services import breakdowns

# How a dry run ends that found nothing out, as nobody finished it.
INTERRUPTED = "The dry run was interrupted, or the model is too slow for it. Ask once more."


def terms_sha256(request: DataRequest) -> str:
    """Hash of the terms that a quote depends on."""
    # Every default written out: a dry run from before there were terms rehearsed another game.
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric}).to_json()
    terms = [request.schema, request.target, spec, request.metric, request.validation_sha256]
    if request.base_rows:
        terms.append(request.base_sha256)
    return hashlib.sha256(json.dumps(terms, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def require_possible(request: DataRequest) -> None:
    """Refuse to open terms whose last dry run failed; terms that were never tried may open.

    Raises:
        RequestRefusedError: The last dry run of exactly these terms found that no round could be valued.
    """
    of_these_terms = Quote.objects.filter(
        request=request, terms_sha256=terms_sha256(request), state__in=Quote.ENDED
    ).exclude(error__in=(INTERRUPTED, breakdowns.out_of_reach("The dry run")))
    last = of_these_terms.first()
    if last is not None and last.state == Quote.State.FAILED:
        raise RequestRefusedError(
            f"The request cannot open: its dry run failed. {last.error}",
            remedy="Change the model, the columns or the validation file, or try a market of another size; "
            "the last dry run of the terms decides.",
        )
