"""What every family promises: the protocol, baselines, edge games, rows that average to the value, clear refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import tree

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.models import ModelSpec, make_utility

PIPELINE = [{"step": "RobustScaler"}, {"step": "StandardScaler"}, {"step": "PCA", "params": {"n_components": 3}}]
CLASSIFIERS = [
    ModelSpec("logistic_regression", {}, "balanced_accuracy", 0),
    ModelSpec("knn", {"n_neighbors": 3}, "balanced_accuracy", 0),
    ModelSpec("linear_discriminant", {}, "balanced_accuracy", 0),
    ModelSpec("mlp", {"epochs": 30, "hidden_units": 8}, "balanced_accuracy", 1),
    ModelSpec("wide_and_deep", {"epochs": 30, "hidden_units": 8}, "balanced_accuracy", 1),
    ModelSpec("convnet", {"image_height": 4, "epochs": 60, "filters": 8}, "balanced_accuracy", 1),
    ModelSpec("sklearn", {"estimator": "GaussianNB"}, "balanced_accuracy", 0),
    ModelSpec("sklearn", {"estimator": "LinearDiscriminantAnalysis"}, "balanced_accuracy", 0),
    ModelSpec("sklearn", {"estimator": "DecisionTreeClassifier"}, "balanced_accuracy", 7),
    ModelSpec("sklearn", {"estimator": "GaussianNB", "steps": PIPELINE}, "balanced_accuracy", 7),
]
REGRESSORS = [
    ModelSpec("ridge_regression", {}, "r2", 0),
    ModelSpec("knn", {}, "r2", 0),
    ModelSpec("sklearn", {"estimator": "DecisionTreeRegressor", "params": {"max_depth": 2}}, "r2", 7),
    ModelSpec("mlp", {"epochs": 30, "hidden_units": 8}, "r2", 1),
    ModelSpec("wide_and_deep", {"epochs": 30, "hidden_units": 8}, "r2", 1),
    ModelSpec("convnet", {"image_height": 4, "epochs": 20, "filters": 2}, "r2", 1),
    ModelSpec("sklearn", {"estimator": "Ridge", "steps": PIPELINE}, "r2", 7),
]
LABEL = lambda spec: f"{spec.family}-{spec.params.get('estimator', '')}"  # noqa: E731


def data(spec, n=30):
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(n, 4)), rng.normal(size=(20, 4))
    X[:, 3] = X_valid[:, 3] = 1.0
    numbers, numbers_valid = X[:, 0] + rng.normal(size=n), X_valid[:, 0] + rng.normal(size=20)
    if spec.task == "regression":
        return X, numbers, X_valid, numbers_valid
    return X, (numbers > 0).astype(int), X_valid, (numbers_valid > 0).astype(int)


@pytest.mark.parametrize("spec", CLASSIFIERS + REGRESSORS, ids=LABEL)
def test_rows_average_to_the_value_and_duplicates_agree(spec):
    game = make_utility(spec, *data(spec))
    coalitions = np.random.default_rng(1).random((12, 30)) < 0.4
    coalitions[0] = False
    coalitions[7] = coalitions[3]

    values, rows = game(coalitions), game.rowwise(coalitions)

    assert values.dtype == rows.dtype == np.float64
    assert rows.shape == (12, 20)
    assert values[7] == values[3]
    np.testing.assert_allclose(rows.mean(axis=1), values, rtol=1e-12, atol=1e-15)
    assert game.cost_note
    assert game.batched == (spec.family != "sklearn")


@pytest.mark.parametrize("spec", CLASSIFIERS + REGRESSORS, ids=LABEL)
@pytest.mark.parametrize("n", [0, 1])
def test_games_of_no_row_and_of_one_row(spec, n):
    game = make_utility(spec, *(part[:n] if place < 2 else part for place, part in enumerate(data(spec))))
    coalitions = np.array([[False] * n, [True] * n], dtype=bool)

    values = game(coalitions)

    assert game.n_players == n
    assert values[0] == game.metric.baseline
    assert np.isfinite(values).all()
    assert game(coalitions[:0]).shape == (0,)
    assert game.rowwise(coalitions[:0]).shape == (0, 20)


@pytest.mark.parametrize("spec", CLASSIFIERS, ids=LABEL)
def test_coalitions_of_one_class_are_worth_the_constant_predictor(spec):
    X, y, X_valid, y_valid = data(spec)
    game = make_utility(spec, X, y, X_valid, y_valid)

    values = game(np.array([y == 0, y == 1, y >= 0]))

    assert values[0] == values[1] == 0.5
    assert values[2] > 0.5


@pytest.mark.parametrize("spec", CLASSIFIERS, ids=LABEL)
def test_a_pool_of_one_class_is_a_constant_game(spec):
    X, y, X_valid, y_valid = data(spec)

    game = make_utility(spec, X, np.zeros_like(y), X_valid, y_valid)

    assert game(np.random.default_rng(0).random((5, 30)) < 0.5).tolist() == [0.5] * 5


@pytest.mark.parametrize("spec", [*CLASSIFIERS[:2], *REGRESSORS[:2]], ids=LABEL)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_order_of_a_batch_does_not_matter(spec, seed):
    rng = np.random.default_rng(seed)
    game = make_utility(spec, *data(spec))
    coalitions = rng.random((9, 30)) < rng.random((9, 1))
    order = rng.permutation(9)

    np.testing.assert_allclose(game(coalitions[order]), game(coalitions)[order], rtol=0, atol=1e-9)


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "macro_f1", "accuracy"])
def test_every_family_serves_every_metric(metric):
    coalitions = np.vstack([np.zeros(30, dtype=bool), np.ones(30, dtype=bool)])
    for spec in CLASSIFIERS:
        chosen = ModelSpec(spec.family, spec.params, metric, 0)
        game = make_utility(chosen, *data(chosen))
        values = game(coalitions)
        assert np.isfinite(values).all()
        np.testing.assert_allclose(game.rowwise(coalitions).mean(axis=1), values, rtol=1e-12)


def test_trees_are_seeded():
    spec = ModelSpec("sklearn", {"estimator": "RandomForestClassifier", "params": {"n_estimators": 3}}, "accuracy", 3)
    coalitions = np.random.default_rng(0).random((3, 30)) < 0.5

    assert (make_utility(spec, *data(spec))(coalitions) == make_utility(spec, *data(spec))(coalitions)).all()


@pytest.mark.parametrize("outcome", [ValueError("singular"), IndexError("no components"), np.full(20, np.nan)])
def test_a_coalition_that_cannot_be_fitted_is_no_model(monkeypatch, outcome):
    def predict(self, X):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    spec = REGRESSORS[2]
    game = make_utility(spec, *data(spec))
    monkeypatch.setattr(tree.DecisionTreeRegressor, "predict", predict)

    everyone = np.ones((1, 30), dtype=bool)
    assert not game.trains(everyone)
    assert game(everyone) == game.metric.baseline
    np.testing.assert_array_equal(game.rowwise(everyone)[0], game.metric.baseline_rows)


@pytest.mark.parametrize("outcome", [MemoryError(), OSError("no space")])
def test_what_the_machine_raises_is_not_the_models(monkeypatch, outcome):
    spec = REGRESSORS[2]
    game = make_utility(spec, *data(spec))
    monkeypatch.setattr(tree.DecisionTreeRegressor, "fit", lambda *_: (_ for _ in ()).throw(outcome))

    with pytest.raises(type(outcome)):
        game(np.ones((1, 30), dtype=bool))


@pytest.mark.parametrize(
    ("place", "change", "sentence"),
    [
        (0, lambda X: np.where(X > 1, np.nan, X), "X has missing or infinite values"),
        (2, lambda X: np.where(X > 1, np.inf, X), "X_valid has missing or infinite values"),
        (0, lambda X: X[:, :2], "X has 2 columns and X_valid 4"),
        (0, lambda X: X[0], "expected rows and columns"),
        (1, lambda y: y[:-1], r"y has shape \(29,\)"),
        (1, lambda y: np.where(y > 0, np.nan, y), "y has missing"),
        (1, lambda y: y - 0.5, "no class codes"),
        (1, lambda y: y - 1, "no class codes"),
        (3, lambda y: y * 0, "all of one class"),
    ],
)
def test_bad_data_is_refused(place, change, sentence):
    parts = list(data(CLASSIFIERS[0]))
    parts[place] = change(parts[place])

    with pytest.raises(InvalidDataError, match=sentence):
        make_utility(CLASSIFIERS[0], *parts)


def test_no_validation_rows_and_unknown_devices_are_refused():
    X, y, X_valid, y_valid = data(REGRESSORS[0])

    with pytest.raises(InvalidDataError, match="no validation rows"):
        make_utility(REGRESSORS[0], X, y, X_valid[:0], y_valid[:0])
    with pytest.raises(InvalidSpecError, match="device is 'tpu'"):
        make_utility(REGRESSORS[0], X, y, X_valid, y_valid, device="tpu")


@pytest.mark.parametrize("coalitions", [np.ones((2, 30)), np.ones(30, dtype=bool), np.ones((2, 29), dtype=bool)])
def test_coalitions_of_another_shape_are_refused(coalitions):
    game = make_utility(REGRESSORS[0], *data(REGRESSORS[0]))

    with pytest.raises(InvalidDataError, match="expected bool"):
        game(coalitions)
