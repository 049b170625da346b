"""KNN-Shapley: enumeration, efficiency, and inputs at the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core import distances, exact_shapley
from valuation.core.errors import InvalidDataError
from valuation.core.rows.games.knn_shapley import knn_shapley


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

    monkeypatch.setattr(distances, "_CHUNK_BYTES", 8 * 30 * 4)

    np.testing.assert_allclose(knn_shapley(*data, 3), together, atol=1e-15)


def test_copies_of_a_row_are_worth_the_same():
    X, y, X_valid, y_valid = problem(2, 10)
    X, y = np.vstack([X, X[:1], X[:1]]), np.concatenate([y, y[:1], y[:1]])

    values = knn_shapley(X, y, X_valid, y_valid, 2)

    assert values[[10, 11]] == pytest.approx(values[0], abs=1e-15)


@pytest.mark.parametrize("far", [1e9, -1.7e9, 2.0**40])
@pytest.mark.parametrize("column", [0, 1])
def test_where_the_origin_lies_is_nothing_to_a_value(far, column):
    rng = np.random.default_rng(5)
    # Halves of whole numbers: moved by so much they are still exact, and many rows are equally near.
    X, X_valid = rng.integers(-20, 20, size=(40, 2)) / 2, rng.integers(-20, 20, size=(30, 2)) / 2
    y, y_valid = rng.integers(3, size=40), rng.integers(3, size=30)
    away = np.array([0.0, 0.0])
    away[column] = far

    moved = knn_shapley(X + away, y, X_valid + away, y_valid, 3)

    np.testing.assert_array_equal(moved, knn_shapley(X, y, X_valid, y_valid, 3))


def test_a_column_of_one_value_is_nothing_to_a_value():
    X, y, X_valid, y_valid = problem(6, 40, m=30)
    stamps = 1.7e9

    beside = knn_shapley(np.c_[X, np.full(40, stamps)], y, np.c_[X_valid, np.full(30, stamps)], y_valid, 3)

    np.testing.assert_array_equal(beside, knn_shapley(X, y, X_valid, y_valid, 3))


@pytest.mark.parametrize("unit", [2.0**-500, 2.0**500])
def test_no_unit_overflows_a_distance(unit):
    X, y, X_valid, y_valid = problem(7, 20)

    values = knn_shapley(X * unit, y, X_valid * unit, y_valid, 3)

    np.testing.assert_array_equal(values, knn_shapley(X, y, X_valid, y_valid, 3))


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


@pytest.mark.parametrize("nonsense", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", [0, 2])
def test_missing_and_infinite_features_are_refused(which, nonsense):
    data = list(problem(8, 6))
    data[which] = data[which].copy()
    data[which][1, 1] = nonsense

    with pytest.raises(InvalidDataError, match="missing or infinite"):
        knn_shapley(*data, 2)


@pytest.mark.parametrize("which", [1, 3])
@pytest.mark.parametrize("number", [0.5, np.nan])
def test_numbers_are_no_classes(which, number):
    data = list(problem(9, 6))
    data[which] = np.append(data[which][:-1], number)

    with pytest.raises(InvalidDataError, match="no class codes"):
        knn_shapley(*data, 2)


def test_rows_without_columns_of_their_own_do_not_fit():
    X, y, X_valid, y_valid = problem(10, 6)

    with pytest.raises(InvalidDataError, match="do not fit"):
        knn_shapley(X[:, 0], y, X_valid[:, 0], y_valid, 1)
