"""Whatever a spec allows has words, and the words offer nothing that a spec refuses."""

import pytest

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.registry import metrics_for
from valuation.core.models import ModelSpec
from valuation.core.models.catalogue import model_of, models_for
from valuation.core.models.estimators import estimators_for
from valuation.core.models.families import FAMILIES

TASKS = ("classification", "regression")
MODELS = [(task, model) for task in TASKS for model in models_for(task)]


def test_every_family_and_estimator_has_words():
    for task in TASKS:
        keys = {model.key for model in models_for(task)}
        families = {name for name, family in FAMILIES.items() if task in family.tasks} - {"sklearn"}

        assert keys == families | {f"sklearn:{name}" for name in estimators_for(task)}


@pytest.mark.parametrize(("task", "model"), MODELS, ids=[f"{task} {model.key}" for task, model in MODELS])
def test_the_defaults_of_every_model_are_allowed(task, model):
    spec = model.spec(model.defaults)

    assert ModelSpec.from_json({**spec, "metric": metrics_for(task)[0].name}).task == task
    assert model_of(spec, task) == model
    assert all(parameter.sentence.endswith(".") and parameter.label for parameter in model.parameters)


def test_a_spec_of_another_task_is_no_model_of_this_one():
    assert model_of({"family": "ridge_regression", "params": {}}, "classification") is None


def test_shrinkage_needs_a_solver_that_can():
    params = {"estimator": "LinearDiscriminantAnalysis", "params": {"shrinkage": 0.5}}

    with pytest.raises(InvalidSpecError, match="null with the solver svd"):
        ModelSpec("sklearn", params)
    assert ModelSpec("sklearn", {**params, "params": {"shrinkage": 0.5, "solver": "lsqr"}})


def test_scaling_and_components_are_steps_of_a_pipeline_and_come_back_as_they_were():
    ridge = next(model for model in models_for("regression") if model.key == "sklearn:Ridge")
    values = {"alpha": 2.0, "scaling": "median_and_quartiles", "components": 7}

    spec = ridge.spec(values)

    assert spec["params"] == {
        "estimator": "Ridge",
        "params": {"alpha": 2.0},
        "steps": [{"step": "RobustScaler", "params": {}}, {"step": "PCA", "params": {"n_components": 7}}],
    }
    assert ridge.values_of(spec) == values
    assert ridge.values_of(ridge.spec(ridge.defaults)) == ridge.defaults
    assert "steps" not in ridge.spec(ridge.defaults)["params"]
