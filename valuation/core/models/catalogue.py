"""The models that a buyer may ask for, in words; as a form shows them and as a spec has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valuation.core.metrics.metric import Task
from valuation.core.models.estimators import PCA, STEPS, estimators_for
from valuation.core.models.families import FAMILIES, SKLEARN
from valuation.core.models.parameters import Parameter, choice, or_none


@dataclass(frozen=True)
class Model:
    """One model that can be asked for: a family, or an estimator of scikit-learn.

    Attributes:
        key: The family, or ``sklearn:`` and the estimator.
        title: Its name.
        sentence: What it does and when it is a good choice.
        parameters: In the order of a form.
    """

    key: str
    title: str
    sentence: str
    parameters: tuple[Parameter, ...]

    def spec(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return family and params of a ``ModelSpec`` with these parameters."""
        family, _, estimator = self.key.partition(":")
        if not estimator:
            return {"family": family, "params": dict(values), "seed": 0}
        own = {name: value for name, value in values.items() if name not in {_SCALING.name, _COMPONENTS.name}}
        params: dict[str, Any] = {"estimator": estimator, "params": own}
        steps = _steps(values)
        return {"family": family, "params": {**params, "steps": steps} if steps else params, "seed": 0}

    def values_of(self, model_spec: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that a spec of this model has, defaults where it says nothing."""
        params: Mapping[str, Any] = model_spec["params"]
        if "estimator" not in params:
            return {**self.defaults, **params}
        values = {**self.defaults, **params.get("params", {})}
        for step in params.get("steps", ()):
            if step["step"] == PCA.name:
                values[_COMPONENTS.name] = step["params"]["n_components"]
            else:
                values[_SCALING.name] = next(words for words, scaler in _SCALERS.items() if scaler == step["step"])
        return values

    @property
    def defaults(self) -> dict[str, Any]:
        """Every parameter's default."""
        return {parameter.name: parameter.default for parameter in self.parameters}


# The words of a form for scaling, each with its step.
_SCALERS = {"none": None} | {step.scales_by: step.name for step in STEPS.values() if step.scales_by}
_SCALING = Parameter(
    "scaling",
    "Scale the columns first, by",
    "Columns are in units of your validation rows already; this takes those of the sellers' rows. Seldom needed.",
    "none",
    choice(*_SCALERS),
)
_COMPONENTS = Parameter(
    "components",
    "Sum the columns up first, into",
    "So many principal components are made of all columns; empty means none, and the columns as they are.",
    None,
    or_none(PCA.checks["n_components"]),
)


def models_for(task: Task) -> tuple[Model, ...]:
    """Every model that can do a task, those that are valued in batches first."""
    families = [family for family in FAMILIES.values() if task in family.tasks and family is not SKLEARN]
    estimators = estimators_for(task).values()
    return (
        *(Model(one.name, one.title, one.sentence, one.parameters) for one in families),
        *(
            Model(f"{SKLEARN.name}:{one.name}", one.title, one.sentence, (*one.parameters, _SCALING, _COMPONENTS))
            for one in estimators
        ),
    )


def model_of(model_spec: Mapping[str, Any], task: Task) -> Model | None:
    """The model that a spec asks for; None where it asks for none of this task."""
    family, params = model_spec.get("family"), model_spec.get("params", {})
    key = f"{SKLEARN.name}:{params.get('estimator')}" if family == SKLEARN.name else family
    return next((model for model in models_for(task) if model.key == key), None)


def _steps(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps before an estimator: scaling, then components, each where it is wanted."""
    scaler, components = _SCALERS[values.get(_SCALING.name, "none")], values.get(_COMPONENTS.name)
    steps: list[dict[str, Any]] = [{"step": scaler, "params": {}}] if scaler else []
    if components is not None:
        steps.append({"step": PCA.name, "params": {"n_components": components}})
    return steps
