"""A model spec accepts what is on its lists and says of anything else which field, which value, what instead."""

import json

import pytest

from valuation.core.errors import InvalidSpecError
from valuation.core.models import ModelSpec
from valuation.core.models.estimators import ESTIMATORS, STEPS
from valuation.core.models.sklearn_loop import CONSTRUCTORS, STEP_CONSTRUCTORS

LOGISTIC = {"family": "logistic_regression", "metric": "balanced_accuracy"}
FOREST = {"family": "sklearn", "metric": "r2", "params": {"estimator": "RandomForestRegressor"}}


def steps(wanted):
    return {**FOREST, "params": {"estimator": "Ridge", "steps": wanted}}


@pytest.mark.parametrize(
    ("document", "params"),
    [
        (LOGISTIC, {"C": 1.0}),
        ({"family": "ridge_regression", "metric": "r2", "params": {"alpha": 2}}, {"alpha": 2}),
        ({"family": "knn", "metric": "neg_mse"}, {"n_neighbors": 5}),
        (FOREST, {"estimator": "RandomForestRegressor", "params": {}}),
        (steps([]), {"estimator": "Ridge", "params": {}}),
        (
            steps([{"step": "StandardScaler"}]),
            {"estimator": "Ridge", "params": {}, "steps": [{"step": "StandardScaler", "params": {}}]},
        ),
    ],
)
def test_json_makes_the_round_trip_with_defaults_filled_in(document, params):
    spec = ModelSpec.from_json(document)

    again = ModelSpec.from_json(json.loads(json.dumps(spec.to_json())))

    assert again == spec
    assert spec.params == params
    assert spec.seed == 0


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"family": "svm"}, "family", "family is 'svm'; expected one of logistic_regression, ridge_regression"),
        ({"family": ["knn"]}, "family", "expected one of"),
        ({"metric": "auc"}, "metric", "metric is 'auc'; expected one of accuracy"),
        ({"metric": "r2"}, "metric", "metric is 'r2'; expected a metric of classification"),
        ({"family": "ridge_regression"}, "metric", "expected a metric of regression, the task of ridge_regression"),
        ({"params": {"c": 1}}, "params.c", "params.c is no known parameter; known are: C."),
        ({"params": {"C": 0}}, "params.C", "params.C is 0; expected a number from 0.0001 to 1000"),
        ({"params": {"C": float("nan")}}, "params.C", "params.C is nan"),
        ({"params": {"C": True}}, "params.C", "params.C is True"),
        ({"params": {"C": "1"}}, "params.C", "params.C is '1'"),
        ({"params": None}, "params", "expected a mapping"),
        ({"seed": -1}, "seed", "seed is -1; expected a whole number from 0"),
        ({"seed": 1.5}, "seed", "seed is 1.5"),
        (
            {"model": "x"},
            "model_spec.model",
            "model_spec.model is no known key; known are: family, params, metric, seed, class_weights,",
        ),
        ({**FOREST, "metric": "accuracy"}, "params.estimator", "expected one of GaussianNB"),
        ({**FOREST, "params": {}}, "params.estimator", "params.estimator is None"),
        ({**FOREST, "params": {"estimator": "os.system"}}, "params.estimator", "is 'os.system'"),
        ({**FOREST, "params": {"estimator": "Ridge", "params": {"solver": "x"}}}, "params.params.solver", "alpha"),
        (
            {**FOREST, "params": {"estimator": "RandomForestRegressor", "params": {"n_estimators": 10**9}}},
            "params.params.n_estimators",
            "expected a whole number from 1 to 1000",
        ),
        ({"family": "mlp", "params": {"epochs": 10**6}}, "params.epochs", "expected a whole number from 1 to 300"),
        ({"family": "mlp", "params": {"hidden_units": 10**6}}, "params.hidden_units", "from 1 to 128"),
        ({"family": "convnet", "params": {"image_height": 10**6}}, "params.image_height", "from 4 to 128 or null"),
        ({"family": "linear_discriminant", "params": {"shrinkage": 0}}, "params.shrinkage", "from 0.001 to 1"),
        (steps({}), "params.steps", "expected a list of at most 3 steps"),
        (steps([{"step": "StandardScaler"}] * 4), "params.steps", "expected a list of at most 3 steps"),
        (steps(["PCA"]), "params.steps.0", "expected an object like"),
        (steps([{"step": "FunctionTransformer"}]), "params.steps.0.step", "expected one of StandardScaler"),
        (steps([{"step": "PCA"}]), "params.steps.0.params.n_components", "expected a whole number from 1"),
        (
            steps([{"step": "PCA", "params": {"n_components": 2, "copy": True}}]),
            "params.steps.0.params.copy",
            "is no known parameter; known are: n_components.",
        ),
        (
            steps([{"step": "StandardScaler", "params": {"copy": 1}}]),
            "params.steps.0.params.copy",
            "is no known parameter; known are: none.",
        ),
    ],
)
def test_what_is_not_allowed_is_named(change, field, sentence):
    with pytest.raises(InvalidSpecError) as caught:
        ModelSpec.from_json({**LOGISTIC, **change})

    assert caught.value.field == field
    assert sentence in str(caught.value)
    assert caught.value.code == "invalid_spec"


def test_family_and_metric_are_required():
    with pytest.raises(InvalidSpecError, match="metric is None"):
        ModelSpec.from_json({"family": "knn"})
    with pytest.raises(InvalidSpecError, match="model_spec is 'knn'"):
        ModelSpec.from_json("knn")


def test_every_estimator_and_step_takes_the_parameters_that_are_allowed():
    for name, estimator in ESTIMATORS.items():
        assert {parameter.name for parameter in estimator.parameters} <= set(CONSTRUCTORS[name]().get_params())
    for name, step in STEPS.items():
        assert set(step.checks) <= set(STEP_CONSTRUCTORS[name]().get_params())
