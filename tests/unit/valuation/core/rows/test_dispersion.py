"""Dispersion of unions against its definition, pair by pair."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.rows import dispersion as module
from valuation.core.rows.dispersion import dispersion_of_parts, unit_rows


def by_definition(z, y, task):
    units = unit_rows(z)
    weights = {
        (i, j): abs(y[i] - y[j]) if task == "regression" else float(y[i] != y[j])
        for i, j in combinations(range(len(z)), 2)
    }
    total = sum(weights.values())
    return sum(w * (1 - units[i] @ units[j]) for (i, j), w in weights.items()) / total if total else 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 25), st.sampled_from(["classification", "regression"]))
def test_every_coalition_agrees_with_the_definition(seed, n_rows, task):
    rng = np.random.default_rng(seed)
    z, parts = rng.normal(size=(n_rows, 3)), rng.integers(4, size=n_rows)
    y = rng.integers(3, size=n_rows) if task == "classification" else rng.integers(5, size=n_rows) * 1e3
    coalitions = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(bool)

    found = dispersion_of_parts(unit_rows(z), y, parts, 4, task)(coalitions)

    expected = [by_definition(z[coalition[parts]], y[coalition[parts]], task) for coalition in coalitions]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_chunks_of_numbers_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    units, y, parts = unit_rows(rng.normal(size=(50, 3))), rng.normal(size=50), rng.integers(3, size=50)
    together = dispersion_of_parts(units, y, parts, 3, "regression")

    monkeypatch.setattr(module, "_CHUNK", 7)

    chunked = dispersion_of_parts(units, y, parts, 3, "regression")
    np.testing.assert_allclose(chunked.distances, together.distances, atol=1e-12)
    np.testing.assert_allclose(chunked.weights, together.weights, atol=1e-12)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_opposite_rows_reach_the_bound_and_equal_targets_are_at_zero(task):
    z = np.array([[1.0, 0.0], [-2.0, 0.0], [1.0, 1.0]])
    dispersion = dispersion_of_parts(unit_rows(z), np.array([0, 1, 1]), np.arange(3), 3, task)

    assert dispersion(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=bool)).tolist() == [2.0, 0.0, 0.0]


def test_rows_of_any_length_are_scaled_and_rows_of_zeros_stay():
    z = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]])

    np.testing.assert_allclose(unit_rows(z), [[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]], atol=1e-15)
