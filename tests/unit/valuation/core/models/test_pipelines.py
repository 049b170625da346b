"""Pipelines: scaling and principal components, fitted to each coalition, then an estimator."""

from functools import partial

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from valuation.core.models import ModelSpec, make_utility

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)

STEPS = [{"step": "MinMaxScaler"}, {"step": "StandardScaler"}, {"step": "PCA", "params": {"n_components": 3}}]


def game_of(steps, X, y, X_valid, y_valid):
    return make_utility(Model("sklearn", {"estimator": "Ridge", "steps": steps}, "neg_mse"), X, y, X_valid, y_valid)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(20, 5)) * 10.0 ** np.arange(5), rng.normal(size=(15, 5)) * 10.0 ** np.arange(5)
    return X, X[:, 0] + rng.normal(size=20), X_valid, X_valid[:, 0]


def test_a_pipeline_is_that_of_scikit_learn(data):
    X, y, X_valid, y_valid = data
    coalitions = np.random.default_rng(1).random((6, 20)) < 0.6

    values = game_of(STEPS, *data)(coalitions)

    for coalition, value in zip(coalitions, values, strict=True):
        model = make_pipeline(MinMaxScaler(), StandardScaler(), PCA(3), Ridge()).fit(X[coalition], y[coalition])
        assert value == pytest.approx(-np.mean((model.predict(X_valid) - y_valid) ** 2))


def test_components_are_as_many_as_a_coalition_allows(data):
    X, y, X_valid, y_valid = data
    game = game_of([{"step": "PCA", "params": {"n_components": 1000}}], *data)
    few = np.arange(20)[None] < 2

    model = make_pipeline(PCA(2), Ridge()).fit(X[:2], y[:2])

    assert game(few)[0] == pytest.approx(-np.mean((model.predict(X_valid) - y_valid) ** 2))
    assert game(np.arange(20)[None] < 1)[0] == pytest.approx(-np.mean((y[0] - y_valid) ** 2))


def test_rows_that_are_all_alike_train_a_constant(data):
    X, y, X_valid, y_valid = data
    X[:] = 7.0

    value = game_of(STEPS, X, y, X_valid, y_valid)(np.ones((1, 20), dtype=bool))

    assert value[0] == pytest.approx(-np.mean((y.mean() - y_valid) ** 2))
