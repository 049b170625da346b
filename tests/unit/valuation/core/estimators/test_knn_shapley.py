"""KNN-Shapley: enumeration, efficiency, and inputs at the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core import exact_shapley
from valuation.core.errors import InvalidDataError
from valuation.core.estimators import knn_shapley as module
from valuation.core.estimators.knn_shapley import knn_shapley


class NeighbourGame:
    """The game as its definition reads, by sorting each coalition's rows."""

    def __init__(self, X, y, X_valid, y_valid, n_neighbors):
        self.n_players = len(X)
        self._y, self._y_valid, self._k = y, y_valid, n_neighbors
        distances = ((X_valid[:, None] - X) ** 2).sum(axis=2)
        self._nearest = np.argsort(distances, axis=1, kind="stable")

    def __call__(self, coalitions):
        return np.array([self._utility(coalition) for coalition in coalitions])

    def _utility(self, coalition):
        right = [
            (self._y[[row for row in nearest if coalition[row]][: self._k]] == label).sum() / self._k
            for nearest, label in zip(self._nearest, self._y_valid, strict=True)
        ]
        return np.mean(right)


def problem(seed, n, m=5, n_classes=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)), rng.integers(n_classes, size=n), rng.normal(size=(m, 2)), rng.integers(3, size=m)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 10))
def test_agrees_with_enumeration(seed, n, n_neighbors):
    data = problem(seed, n)

    values = knn_shapley(*data, n_neighbors)

    np.testing.assert_allclose(values, exact_shapley(NeighbourGame(*data, n_neighbors)), atol=1e-14)


def test_values_sum_to_the_utility_of_all_rows():
    data = problem(0, 400, m=50)

    values = knn_shapley(*data, 7)

    assert values.sum() == pytest.approx(NeighbourGame(*data, 7)(np.ones((1, 400), dtype=bool))[0], abs=1e-13)


def test_chunks_change_nothing(monkeypatch):
    data = problem(1, 30, m=11)
    together = knn_shapley(*data, 3)

    monkeypatch.setattr(module, "_CHUNK_BYTES", 8 * 30 * 4)

    np.testing.assert_allclose(knn_shapley(*data, 3), together, atol=1e-15)


def test_copies_of_a_row_are_worth_the_same():
    X, y, X_valid, y_valid = problem(2, 10)
    X, y = np.vstack([X, X[:1], X[:1]]), np.concatenate([y, y[:1], y[:1]])

    values = knn_shapley(X, y, X_valid, y_valid, 2)

    assert values[[10, 11]] == pytest.approx(values[0], abs=1e-15)


def test_no_training_row_is_worth_nothing():
    assert knn_shapley(np.zeros((0, 2)), np.zeros(0, dtype=int), np.zeros((1, 2)), np.zeros(1, dtype=int), 3).size == 0


@pytest.mark.parametrize(("n_neighbors", "m", "said"), [(0, 2, "at least one neighbour"), (1, 0, "no validation row")])
def test_senseless_inputs_are_refused(n_neighbors, m, said):
    with pytest.raises(InvalidDataError, match=said):
        knn_shapley(*problem(3, 4, m=m), n_neighbors)


def test_shapes_must_fit():
    X, y, X_valid, y_valid = problem(4, 4)

    with pytest.raises(InvalidDataError, match="do not fit"):
        knn_shapley(X, y[:-1], X_valid, y_valid, 1)
