"""What a buyer asks to be trained: a declared family, parameters, metric and seed, all from allow-lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import facts_of
from valuation.core.models.estimators import STEPS, estimators_for
from valuation.core.models.families import FAMILIES, SKLEARN
from valuation.core.models.parameters import Check, choice, integer

SEED_MAX = 2**32 - 1
STEPS_MAX = 3
START_ROWS_MAX = 1_000


@dataclass(frozen=True)
class ModelSpec:
    """A buyer's model and the terms of its game, declared and allow-listed; nothing is ever executed or unpickled.

    Attributes:
        family: A key of ``FAMILIES``.
        params: Of the family, defaults filled in; of ``sklearn``, ``{"estimator": name, "params": {...}}`` with a name
            and parameters from ``ESTIMATORS`` and, for a pipeline, ``"steps"``: at most three ``{"step": name,
            "params": {...}}`` from ``STEPS``, in order.
        metric: A key of ``METRICS``.
        seed: Of models that draw random numbers, from 0 to 2^32 - 1.
        class_weights: Whether a coalition's rows weigh ``n / (classes present * rows of the class)`` in training, so
            that the model aims at every class alike; families without weights take equal priors. Left out: as the
            metric needs it.
        free_disposal: Whether a model that is worse than none counts as none: ``U(S) = max(metric(S), U(empty))``, row
            by row too. Nobody deploys a model worse than the constant predictor.
        clip_numbers: Whether numbers are cut to the range that the validation rows' quantiles state before they are
            scaled (:class:`~valuation.core.models.features.FeatureEncoder`).
        start_rows: Coalitions of fewer rows are filled up to as many with rows that say nothing (Algorithm 2's
            ``s_min``); 0 fills nothing up.

    Raises:
        InvalidSpecError: Something is not allowed; it names the field, its value and what is expected.
    """

    family: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metric: str = "accuracy"
    seed: int = 0
    class_weights: bool | None = None
    free_disposal: bool = True
    clip_numbers: bool = True
    start_rows: int = 0

    def __post_init__(self) -> None:
        """Check everything and fill in defaults."""
        _check("family", self.family, choice(*FAMILIES))
        metric = facts_of(self.metric)
        task = metric.task
        tasks = FAMILIES[self.family].tasks
        if task not in tasks:
            raise InvalidSpecError("metric", self.metric, f"a metric of {tasks[0]}, the task of {self.family}")
        _check("seed", self.seed, integer(0, SEED_MAX))
        _check("start_rows", self.start_rows, integer(0, START_ROWS_MAX))
        if self.class_weights is None:
            object.__setattr__(self, "class_weights", metric.class_weights)
        for name in ("class_weights", "free_disposal", "clip_numbers"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidSpecError(name, getattr(self, name), "true or false")
        if self.class_weights and task == "regression":
            raise InvalidSpecError("class_weights", True, "false, because numbers have no classes")
        if not isinstance(self.params, Mapping):
            raise InvalidSpecError("params", self.params, "a mapping of parameter names to values")
        checked = _sklearn(self.params, task) if self.family == SKLEARN.name else _family(self.family, self.params)
        object.__setattr__(self, "params", checked)

    @property
    def task(self) -> Task:
        """Classification or regression, as the metric says."""
        return facts_of(self.metric).task

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads, every default filled in."""
        return {item.name: getattr(self, item.name) for item in fields(self)} | {"params": dict(self.params)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ModelSpec":
        """Read a decoded JSON object with the keys family and metric, and optionally the other attributes.

        Raises:
            InvalidSpecError: A key is unknown or missing, or a value is not allowed.
        """
        if not isinstance(document, Mapping):
            raise InvalidSpecError("model_spec", document, "an object with family, params, metric and seed")
        known = [item.name for item in fields(cls)]
        for key in document:
            if key not in known:
                raise InvalidSpecError(f"model_spec.{key}", document[key], "no such key: " + ", ".join(known))
        for key in ("family", "metric"):
            if key not in document:
                raise InvalidSpecError(key, None, "a value")
        return cls(**document)


def _check(name: str, value: object, check: Check) -> None:
    if not check.accepts(value):
        raise InvalidSpecError(name, value, check.expected)


def _family(family: str, params: Mapping[str, Any]) -> dict[str, Any]:
    allowed = {parameter.name: parameter for parameter in FAMILIES[family].parameters}
    for name, value in params.items():
        if name not in allowed:
            raise InvalidSpecError(f"params.{name}", value, "no such parameter: " + ", ".join(allowed))
        _check(f"params.{name}", value, allowed[name].check)
    return {name: params.get(name, parameter.default) for name, parameter in allowed.items()}


def _sklearn(params: Mapping[str, Any], task: Task) -> dict[str, Any]:
    for name, value in params.items():
        if name not in {"estimator", "params", "steps"}:
            raise InvalidSpecError(f"params.{name}", value, "no such parameter: estimator, params, steps")
    estimator = params.get("estimator")
    allowed = estimators_for(task)
    _check("params.estimator", estimator, choice(*allowed))
    checks = {parameter.name: parameter.check for parameter in allowed[str(estimator)].parameters}
    settings = _settings("params.params", params.get("params", {}), checks)
    if settings.get("shrinkage") is not None and settings.get("solver", "svd") == "svd":
        raise InvalidSpecError("params.params.shrinkage", settings["shrinkage"], "null with the solver svd")
    checked = {"estimator": estimator, "params": settings}
    steps = _steps(params.get("steps", []))
    return {**checked, "steps": steps} if steps else checked


def _steps(steps: object) -> list[dict[str, Any]]:
    if not isinstance(steps, list | tuple) or len(steps) > STEPS_MAX:
        raise InvalidSpecError("params.steps", steps, f"a list of at most {STEPS_MAX} steps")
    checked = []
    for place, step in enumerate(steps):
        where = f"params.steps.{place}"
        if not isinstance(step, Mapping) or not {"step"} <= step.keys() <= {"step", "params"}:
            raise InvalidSpecError(where, step, 'an object like {"step": "PCA", "params": {"n_components": 10}}')
        _check(f"{where}.step", step["step"], choice(*STEPS))
        allowed = STEPS[step["step"]].checks
        settings = _settings(f"{where}.params", step.get("params", {}), allowed)
        for name in allowed:
            if name not in settings:
                raise InvalidSpecError(f"{where}.params.{name}", None, allowed[name].expected)
        checked.append({"step": step["step"], "params": settings})
    return checked


def _settings(where: str, settings: object, allowed: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(settings, Mapping):
        raise InvalidSpecError(where, settings, "a mapping of parameter names to values")
    for name, value in settings.items():
        if name not in allowed:
            raise InvalidSpecError(f"{where}.{name}", value, "no such parameter: " + (", ".join(allowed) or "none"))
        _check(f"{where}.{name}", value, allowed[name])
    return dict(settings)
