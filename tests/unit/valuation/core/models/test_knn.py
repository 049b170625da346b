"""Nearest neighbours of a batch equal a plain loop over distances, whichever way they are found."""

from functools import partial

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from valuation.core.errors import InvalidDataError
from valuation.core.models import ModelSpec, knn, make_utility

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)

N, K = 200, 3


def data(task):
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(N, 4)), rng.normal(size=(30, 4))
    if task == "classification":
        return X, rng.integers(3, size=N), X_valid, np.arange(30) % 3
    return X, rng.normal(size=N), X_valid, rng.normal(size=30)


@pytest.mark.parametrize("prefix_cost", [0.0, 2.0, 1e9])
@pytest.mark.parametrize("metric", ["accuracy", "neg_mse"])
def test_utilities_equal_scikit_learn(monkeypatch, metric, prefix_cost):
    monkeypatch.setattr(knn, "PREFIX_COST", prefix_cost)
    spec = Model("knn", {"n_neighbors": K}, metric, 0)
    X, y, X_valid, y_valid = data(spec.task)
    sizes = [*range(4, 40), 100, 150, 199, 200]
    coalitions = np.zeros((len(sizes), N), dtype=bool)
    for coalition, size in zip(coalitions, sizes, strict=True):
        coalition[np.random.default_rng(size).choice(N, size, replace=False)] = True
    game = make_utility(spec, X, y, X_valid, y_valid)

    values = game(coalitions)

    model = KNeighborsClassifier(K) if metric == "accuracy" else KNeighborsRegressor(K)
    expected = []
    for coalition in coalitions:
        predicted = model.fit(X[coalition], y[coalition]).predict(X_valid)
        expected.append((predicted == y_valid).mean() if metric == "accuracy" else -((predicted - y_valid) ** 2).mean())
    np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize("prefix_cost", [0.0, 1e9])
def test_equal_rows_are_ordered_by_player_and_votes_by_class(monkeypatch, prefix_cost):
    monkeypatch.setattr(knn, "PREFIX_COST", prefix_cost)
    X, y = np.zeros((4, 1)), np.array([1, 0, 0, 1])
    game = make_utility(Model("knn", {"n_neighbors": 1}, "accuracy", 0), X, y, np.zeros((2, 1)), np.array([0, 1]))
    voting = make_utility(Model("knn", {"n_neighbors": 2}, "accuracy", 0), X, y, np.zeros((4, 1)), y[[1, 1, 1, 0]])
    coalitions = np.array([[True, True, True, True], [False, True, True, True]])

    assert game.rowwise(coalitions).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert voting(coalitions).tolist() == [0.75, 0.75]


def test_fewer_rows_than_neighbours_all_vote():
    X, y = np.arange(3.0)[:, None], np.array([0.0, 3.0, 6.0])
    game = make_utility(Model("knn", {"n_neighbors": 5}, "neg_mse", 0), X, y, np.ones((2, 1)), np.array([4.0, 6.0]))

    values = game(np.array([[True, True, True], [False, False, True], [False, False, False]]))

    np.testing.assert_allclose(values, [-5.0, -2.0, -1.0])


@pytest.mark.parametrize("metric", ["accuracy", "neg_mse"])
def test_where_the_origin_lies_is_nothing_to_a_utility(metric):
    spec = Model("knn", {"n_neighbors": K}, metric, 0)
    X, y, X_valid, y_valid = data(spec.task)
    X, X_valid = np.round(X * 64) / 64, np.round(X_valid * 64) / 64
    coalitions = np.random.default_rng(1).random((20, N)) < 0.5
    away = np.array([1e9, 0.0, -(2.0**40), 0.0])

    here, there = (make_utility(spec, X + by, y, X_valid + by, y_valid)(coalitions) for by in (0.0 * away, away))

    np.testing.assert_array_equal(there, here)


def test_too_many_pairs_are_refused(monkeypatch):
    monkeypatch.setattr(knn, "PAIRS_MAX", 10)

    with pytest.raises(InvalidDataError, match="too much memory"):
        make_utility(Model("knn", {}, "neg_mse", 0), *data("regression"))
