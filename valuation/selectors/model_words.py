"""A request's model and metric, in the words that its buyer and its sellers read; empty before they are chosen."""

from collections.abc import Mapping
from typing import Any

from marketplace.models import DataRequest
from valuation.core.metrics.registry import facts_of
from valuation.core.models.families import FAMILIES, SKLEARN


def model_in_words(request: DataRequest) -> str:
    """The buyer's model: its family and whatever parameters are set."""
    if not request.model_spec:
        return ""
    params = request.model_spec.get("params", {})
    settings = ", ".join(f"{name} = {value}" for name, value in sorted(params.get("params", params).items()))
    family = _family_in_words(request.model_spec)
    return f"{family} ({settings})" if settings else family


def metric_in_words(request: DataRequest) -> str:
    """What the buyer's metric measures."""
    return facts_of(request.metric).definition if request.metric else ""


def chosen_in_words(request: DataRequest) -> str:
    """Family and metric in half a sentence: ``Ridge regression, scored by r2``."""
    if not (request.model_spec and request.metric):
        return ""
    return f"{_family_in_words(request.model_spec)}, scored by {facts_of(request.metric).in_words}"


def _family_in_words(model_spec: Mapping[str, Any]) -> str:
    """The family of a model, by the estimator's own name where it is one of scikit-learn's."""
    if model_spec["family"] != SKLEARN.name:
        return FAMILIES[model_spec["family"]].title
    params = model_spec["params"]
    before = " and ".join(step["step"] for step in params.get("steps", ()))
    return f"{params['estimator']} of scikit-learn" + (f" after {before}" if before else "")
