"""What a buyer asks to be trained: a declared family, parameters, metric and seed, all from allow-lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import facts_of

Family = Literal[
    "logistic_regression",
    "ridge_regression",
    "linear_discriminant",
    "knn",
    "mlp",
    "wide_and_deep",
    "convnet",
    "sklearn",
]
SEED_MAX = 2**32 - 1


@dataclass(frozen=True)
class Check:
    """What a parameter accepts, for a sentence and for a form as well as for the check itself.

    Attributes:
        kind: ``number``, ``integer`` or ``choice``.
        low: Least number.
        high: Greatest number.
        options: Words of a choice.
        nullable: Whether null is accepted as well.
    """

    kind: Literal["number", "integer", "choice"]
    low: float = 0
    high: float = 0
    options: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def expected(self) -> str:
        """What would be accepted, as the end of a sentence."""
        if self.kind == "choice":
            words = "one of " + ", ".join(self.options)
        elif self.kind == "integer":
            words = f"a whole number from {self.low} to {self.high}"
        else:
            words = f"a number from {self.low:g} to {self.high:g}"
        return f"{words} or null" if self.nullable else words

    def accepts(self, value: object) -> bool:
        """Whether the value is allowed."""
        if value is None:
            return self.nullable
        if self.kind == "choice":
            return isinstance(value, str) and value in self.options
        types = int if self.kind == "integer" else int | float
        return isinstance(value, types) and not isinstance(value, bool) and self.low <= value <= self.high


def number(low: float, high: float) -> Check:
    """Accept a number from ``low`` to ``high``."""
    return Check("number", low, high)


def integer(low: int, high: int) -> Check:
    """Accept a whole number from ``low`` to ``high``."""
    return Check("integer", low, high)


def choice(*options: str) -> Check:
    """Accept one of the options."""
    return Check("choice", options=options)


def or_none(check: Check) -> Check:
    """Accept null as well."""
    return replace(check, nullable=True)


_BOTH: tuple[Task, ...] = ("classification", "regression")
FAMILY_TASKS: dict[str, tuple[Task, ...]] = {
    "logistic_regression": ("classification",),
    "ridge_regression": ("regression",),
    "linear_discriminant": ("classification",),
    "knn": _BOTH,
    "mlp": _BOTH,
    "wide_and_deep": _BOTH,
    "convnet": _BOTH,
    "sklearn": _BOTH,
}
# Bounds keep one training to seconds, whatever a spec asks for. Parameter: (default, what is accepted).
_TRAINING: dict[str, tuple[Any, Check]] = {
    "epochs": (100, integer(1, 300)),
    "learning_rate": (0.01, number(1e-4, 0.3)),
    "alpha": (1.0, number(0.0, 1e6)),
}
_LAYERS: dict[str, tuple[Any, Check]] = {"hidden_units": (32, integer(1, 128)), "hidden_layers": (1, integer(1, 2))}
# Far stronger or weaker penalties are a mistake more often than a wish.
FAMILY_PARAMETERS: dict[str, dict[str, tuple[Any, Check]]] = {
    "logistic_regression": {"C": (1.0, number(1e-4, 1e3))},
    "ridge_regression": {"alpha": (1.0, number(1e-6, 1e6))},
    "linear_discriminant": {"shrinkage": (0.1, number(1e-3, 1.0))},
    "knn": {"n_neighbors": (5, integer(1, 1000))},
    "mlp": {**_LAYERS, **_TRAINING},
    "wide_and_deep": {**_LAYERS, **_TRAINING},
    "convnet": {
        "image_height": (None, or_none(integer(4, 128))),
        "image_channels": (1, integer(1, 4)),
        "filters": (8, integer(1, 32)),
        **_TRAINING,
        "epochs": (60, _TRAINING["epochs"][1]),
    },
}

_TREE = {"max_depth": or_none(integer(1, 64)), "min_samples_leaf": integer(1, 10_000)}
_FOREST = {**_TREE, "n_estimators": integer(1, 1000), "max_features": or_none(choice("sqrt", "log2"))}
_BOOSTING = {
    "max_iter": integer(1, 1000),
    "learning_rate": number(1e-4, 1.0),
    "max_leaf_nodes": or_none(integer(2, 1024)),
    "max_depth": or_none(integer(1, 64)),
    "min_samples_leaf": integer(1, 10_000),
    "l2_regularization": number(0.0, 1e6),
}
ESTIMATORS: dict[Task, dict[str, dict[str, Check]]] = {
    "classification": {
        "GaussianNB": {"var_smoothing": number(1e-12, 1.0)},
        "DecisionTreeClassifier": {**_TREE, "criterion": choice("gini", "entropy", "log_loss")},
        "RandomForestClassifier": _FOREST,
        "ExtraTreesClassifier": _FOREST,
        "HistGradientBoostingClassifier": _BOOSTING,
        "LinearDiscriminantAnalysis": {"solver": choice("svd", "lsqr"), "shrinkage": or_none(number(0.0, 1.0))},
        "LogisticRegression": {"C": number(1e-4, 1e3), "max_iter": integer(1, 10_000)},
    },
    "regression": {
        "DecisionTreeRegressor": _TREE,
        "RandomForestRegressor": _FOREST,
        "ExtraTreesRegressor": _FOREST,
        "HistGradientBoostingRegressor": _BOOSTING,
        "Ridge": {"alpha": number(1e-6, 1e6)},
        "Lasso": {"alpha": number(1e-6, 1e6), "max_iter": integer(1, 100_000)},
    },
}
# What may stand before an estimator in a pipeline, fitted to each coalition anew.
TRANSFORMERS: dict[str, dict[str, Check]] = {
    "StandardScaler": {},
    "MinMaxScaler": {},
    "RobustScaler": {},
    "PCA": {"n_components": integer(1, 1000)},
}
STEPS_MAX = 3
START_ROWS_MAX = 1_000


@dataclass(frozen=True)
class ModelSpec:
    """A buyer's model and the terms of its game, declared and allow-listed; nothing is ever executed or unpickled.

    Attributes:
        family: A key of ``FAMILY_TASKS``.
        params: Of the family, defaults filled in (``FAMILY_PARAMETERS``); of ``sklearn``, ``{"estimator": name,
            "params": {...}}`` with a name and parameters from ``ESTIMATORS`` and, for a pipeline, ``"steps"``: at
            most three ``{"step": name, "params": {...}}`` from ``TRANSFORMERS``, in order.
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

    family: Family
    params: Mapping[str, Any] = field(default_factory=dict)
    metric: str = "accuracy"
    seed: int = 0
    class_weights: bool | None = None
    free_disposal: bool = True
    clip_numbers: bool = True
    start_rows: int = 0

    def __post_init__(self) -> None:
        """Check everything and fill in defaults."""
        _check("family", self.family, choice(*FAMILY_TASKS))
        metric = facts_of(self.metric)
        task = metric.task
        if task not in FAMILY_TASKS[self.family]:
            raise InvalidSpecError(
                "metric", self.metric, f"a metric of {FAMILY_TASKS[self.family][0]}, the task of {self.family}"
            )
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
        checked = _sklearn(self.params, task) if self.family == "sklearn" else _family(self.family, self.params)
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
    allowed = FAMILY_PARAMETERS[family]
    for name, value in params.items():
        if name not in allowed:
            raise InvalidSpecError(f"params.{name}", value, "no such parameter: " + ", ".join(allowed))
        _check(f"params.{name}", value, allowed[name][1])
    return {name: params.get(name, default) for name, (default, _) in allowed.items()}


def _sklearn(params: Mapping[str, Any], task: Task) -> dict[str, Any]:
    for name, value in params.items():
        if name not in {"estimator", "params", "steps"}:
            raise InvalidSpecError(f"params.{name}", value, "no such parameter: estimator, params, steps")
    estimator = params.get("estimator")
    _check("params.estimator", estimator, choice(*ESTIMATORS[task]))
    settings = _settings("params.params", params.get("params", {}), ESTIMATORS[task][str(estimator)])
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
        _check(f"{where}.step", step["step"], choice(*TRANSFORMERS))
        allowed = TRANSFORMERS[step["step"]]
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
