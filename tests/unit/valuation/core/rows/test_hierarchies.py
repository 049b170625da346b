"""The four ways to cut rows: equal sizes, whatever the order of rows, and each good at what it is for."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.tree import agglomerative, spectral
from valuation.core.rows.tree.balanced_kmeans import cluster_sizes
from valuation.core.rows.tree.hierarchy import build_hierarchy
from valuation.core.rows.tree.partitions import PARTITIONS, cut

NAMES = list(PARTITIONS)
BY_LIKENESS = ["balanced_kmeans", "spectral", "agglomerative"]


def sets_of(labels, keys):
    return {frozenset(keys[labels == label].tolist()) for label in np.unique(labels)}


def blobs(rng, n_each, centres, spread=0.1):
    centres = np.asarray(centres, dtype=float)
    truth = np.repeat(np.arange(len(centres)), n_each)
    return centres[truth] + spread * rng.normal(size=(len(truth), centres.shape[1])), truth


def rings(rng, n_each):
    angles = rng.uniform(0, 2 * np.pi, size=2 * n_each)
    truth = np.repeat([0, 1], n_each)
    radius = np.where(truth == 0, 1.0, 5.0)
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles)]), truth


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.integers(1, 60), st.integers(1, 12), st.integers(0, 3), st.integers(0, 9))
def test_sizes_are_equal_give_or_take_one(name, n_rows, n_clusters, distinct, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n_rows, 3)) if distinct == 0 else rng.integers(distinct, size=(n_rows, 3)).astype(float)
    n_clusters = min(n_clusters, n_rows)

    labels = cut(name, z, n_clusters, rng=rng)

    assert np.bincount(labels, minlength=n_clusters).tolist() == cluster_sizes(n_rows, n_clusters).tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_rows", [60, 1_300])
def test_rows_in_another_order_fall_into_the_same_clusters(name, n_rows):
    rng = np.random.default_rng(3)
    z = rng.normal(size=(n_rows, 4))
    shuffled = rng.permutation(n_rows)

    first = cut(name, z, 5, rng=np.random.default_rng(8))
    second = cut(name, z[shuffled], 5, rng=np.random.default_rng(8))

    assert second.tolist() == first[shuffled].tolist()


@pytest.mark.parametrize("name", BY_LIKENESS)
def test_where_the_origin_lies_is_nothing_to_a_cluster(name):
    # Sixty-fourths of whole numbers: moved by so much they are still exact.
    z = np.round(np.random.default_rng(4).normal(size=(300, 4)) * 64) / 64
    away = np.array([1e9, 0.0, -(2.0**40), 0.0])

    here, there = (cut(name, rows, 6, rng=np.random.default_rng(8)) for rows in (z, z + away))

    assert sets_of(there, np.arange(300)) == sets_of(here, np.arange(300))


@pytest.mark.parametrize("name", BY_LIKENESS)
@pytest.mark.parametrize("n_each", [40, 400])
def test_separated_blobs_are_found(name, n_each):
    rng = np.random.default_rng(1)
    z, truth = blobs(rng, n_each, [(0, 0), (9, 1), (2, 11), (12, 9)])

    labels = cut(name, z, 4, rng=rng)

    assert sets_of(labels, np.arange(len(z))) == sets_of(truth, np.arange(len(z)))


def test_rings_are_told_apart_by_their_chains_of_neighbours_alone():
    rng = np.random.default_rng(2)
    z, truth = rings(rng, 100)
    found = {name: sets_of(cut(name, z, 2, rng=rng), np.arange(200)) for name in NAMES}

    assert found["spectral"] == sets_of(truth, np.arange(200))
    assert found["balanced_kmeans"] != found["spectral"]


def test_landmarks_stand_for_many_rows(monkeypatch):
    monkeypatch.setattr(spectral, "LANDMARKS", 40)
    rng = np.random.default_rng(5)
    z, truth = blobs(rng, 70, [(0, 0), (9, 1), (2, 11)])

    assert sets_of(cut("spectral", z, 3, rng=rng), np.arange(210)) == sets_of(truth, np.arange(210))


def test_cells_stand_for_many_rows_but_for_the_few_that_straddle_two_clusters(monkeypatch):
    monkeypatch.setattr(agglomerative, "CELLS", 30)
    rng = np.random.default_rng(5)
    z, truth = blobs(rng, 70, [(0, 0), (9, 1), (2, 11)])
    labels = cut("agglomerative", z, 3, rng=rng)

    assert sum(np.bincount(truth[labels == label]).max() for label in range(3)) >= 200


def test_random_clusters_know_nothing_of_likeness():
    rng = np.random.default_rng(6)
    z, truth = blobs(rng, 500, [(0, 0), (9, 1)])
    labels = cut("random", z, 2, rng=rng)

    # Hypergeometric: 250 with a standard deviation of 7.9.
    assert 210 < int(((labels == 0) & (truth == 0)).sum()) < 290


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [2.0**-900, 2.0**900])
def test_the_unit_of_the_embedding_does_not_matter(name, factor):
    z = np.random.default_rng(0).normal(size=(50, 3))

    scaled = cut(name, z * factor, 4, rng=np.random.default_rng(1))

    assert scaled.tolist() == cut(name, z, 4, rng=np.random.default_rng(1)).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_tree_is_built_of_any_of_them(name):
    z = np.random.default_rng(4).normal(size=(90, 3))
    tree = build_hierarchy(z, children=(3, 2), leaf_size=8, rng=np.random.default_rng(0), hierarchy=name)

    assert sorted(tree.order) == list(range(90))
    assert {len(tree.rows(node)) for node in tree.children(0)} == {30}


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_cut_is_refused(name):
    rng = np.random.default_rng(0)
    for z, n_clusters in ((np.zeros((3, 2)), 4), (np.zeros((3, 2)), 0), (np.full((3, 2), np.nan), 2), (np.zeros(3), 1)):
        with pytest.raises(InvalidDataError):
            cut(name, z, n_clusters, rng=rng)


def test_an_unknown_hierarchy_is_refused():
    with pytest.raises(InvalidSpecError):
        HcdvConfig(hierarchy="by owner")
    with pytest.raises(InvalidSpecError):
        build_hierarchy(
            np.zeros((3, 1)), children=(2,), leaf_size=1, rng=np.random.default_rng(0), hierarchy="by owner"
        )


@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_rows_are_cut_in_seconds(name):
    z = np.random.default_rng(4).normal(size=(10_000, 16))
    started = time.process_time()
    cut(name, z, 16, rng=np.random.default_rng(0))

    assert time.process_time() - started < 10
