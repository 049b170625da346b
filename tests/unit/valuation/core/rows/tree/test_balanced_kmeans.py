"""Balanced k-means: exact sizes, no unit, no order, and close to the best assignment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from valuation.core.errors import InvalidDataError
from valuation.core.rows.tree.balanced_kmeans import balanced_kmeans, cluster_sizes

coordinates = st.floats(-100, 100).map(lambda x: round(x, 2))
matrices = st.tuples(st.integers(1, 40), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=coordinates)
)


def clusters_of(z, n_clusters, seed=0):
    return balanced_kmeans(z, n_clusters, rng=np.random.default_rng(seed))


def inertia(z, labels):
    return sum(((z[labels == label] - z[labels == label].mean(axis=0)) ** 2).sum() for label in np.unique(labels))


@settings(max_examples=100, deadline=None)
@given(matrices, st.data())
def test_sizes_are_exact(z, data):
    n_clusters = data.draw(st.integers(1, len(z)))

    labels = clusters_of(z, n_clusters)

    assert np.bincount(labels, minlength=n_clusters).tolist() == cluster_sizes(len(z), n_clusters).tolist()


@settings(max_examples=50, deadline=None)
@given(matrices, st.integers(-200, 200))
def test_units_change_nothing(z, exponent):
    n_clusters = min(4, len(z))

    assert clusters_of(np.ldexp(z, exponent), n_clusters).tolist() == clusters_of(z, n_clusters).tolist()


@settings(max_examples=50, deadline=None)
@given(matrices, st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing_but_the_order(z, seed):
    z = np.unique(z, axis=0)
    order = np.random.default_rng(seed).permutation(len(z))
    n_clusters = min(3, len(z))

    assert clusters_of(z[order], n_clusters).tolist() == clusters_of(z, n_clusters)[order].tolist()


def test_separate_groups_are_found():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(6), 20)
    z = rng.normal(scale=0.1, size=(120, 3)) + rng.normal(scale=5, size=(6, 3))[truth]

    labels = clusters_of(z, 6)

    assert all(len(np.unique(truth[labels == label])) == 1 for label in range(6))


def test_any_unit_keeps_the_quality():
    z = np.random.default_rng(1).normal(size=(300, 5))

    tiny = clusters_of(z * 1e-3, 7)

    assert inertia(z, tiny) == pytest.approx(inertia(z, clusters_of(z, 7)), rel=1e-9)


def test_seed_decides():
    z = np.random.default_rng(2).normal(size=(200, 4))

    assert clusters_of(z, 5, seed=3).tolist() == clusters_of(z, 5, seed=3).tolist()


@pytest.mark.parametrize("n_clusters", [0, 4])
def test_clusters_must_fit_the_rows(n_clusters):
    with pytest.raises(InvalidDataError, match="3 rows cannot be cut"):
        clusters_of(np.zeros((3, 2)), n_clusters)


def test_infinite_embeddings_are_refused():
    with pytest.raises(InvalidDataError, match="finite"):
        clusters_of(np.array([[0.0], [np.inf]]), 2)
