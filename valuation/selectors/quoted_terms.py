"""Which terms of a request a dry run was about."""

import hashlib
import json

from marketplace.models import DataRequest
from valuation.core.models import ModelSpec


def terms_sha256(request: DataRequest) -> str:
    """Hash of the terms that a quote depends on."""
    # Every default written out: a dry run from before there were terms rehearsed another game.
    spec = ModelSpec.from_json({**request.model_spec, "metric": request.metric}).to_json()
    terms = [request.schema, request.target, spec, request.metric, request.validation_sha256]
    if request.base_rows:
        terms.append(request.base_sha256)
    return hashlib.sha256(json.dumps(terms, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
