"""HCDV-Inc: an update is a recomputation of the same tree, bit for bit, and plays no game twice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core import ModelSpec, estimate_hcdv, make_utility
from valuation.core.errors import BudgetTooSmallError, InvalidDataError, InvalidSpecError
from valuation.core.plans.plan import arrays_from_bytes, arrays_to_bytes
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.growing.incremental import recompute, start_incremental, update_incremental
from valuation.core.rows.growing.incremental_state import IncrementalConfig, IncrementalState

HCDV = HcdvConfig(children=(4, 3), leaf_size=5, permutations=(8, 6), large_leaf="uniform")
CONFIG = IncrementalConfig(HCDV)


class Exact:
    """A game whose answers are the same bits whoever else is asked about: worths are multiples of 1/1024."""

    def __init__(self, worths):
        self.n_players, self.worths, self.evaluations = len(worths), np.asarray(worths), 0

    def __call__(self, coalitions):
        self.evaluations += len(coalitions)
        total = coalitions @ self.worths
        return 0.2 + 0.7 * total / (1 + np.abs(total))


def rows_at_random(seed, n_rows, task="classification"):
    rng = np.random.default_rng(seed)
    worths = np.round(rng.normal(0.1, 0.3, n_rows) * 1024) / 1024
    X = rng.normal(size=(n_rows, 3))
    return worths, X, rng.normal(size=n_rows) if task == "regression" else rng.integers(2, size=n_rows)


def started(worths, X, y, n_rows, config=CONFIG, *, seed=0, **validation):
    game = Exact(worths[:n_rows])
    return start_incremental(game, X[:n_rows], y[:n_rows], config=config, rng=np.random.default_rng(seed), **validation)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 30),
    st.lists(st.integers(0, 12), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.35, 2.0]),
    st.sampled_from(["classification", "regression"]),
)
def test_an_update_is_a_recomputation_of_its_tree_to_the_last_bit(seed, n_rows, batches, spawn_distance, task):
    worths, X, y = rows_at_random(seed, n_rows + sum(batches), task)
    config = IncrementalConfig(replace(HCDV, task=task), spawn_distance=spawn_distance, rebalance_every=2)
    _, state = started(worths, X, y, n_rows, config, seed=seed)

    for size in batches:
        stop = n_rows + size
        game = Exact(worths[:stop])
        values, state = update_incremental(state, game, X[n_rows:stop], y[n_rows:stop])
        n_rows = stop
        anew = recompute(state, Exact(worths[:stop]))

        np.testing.assert_array_equal(values.values, anew.values)
        np.testing.assert_array_equal(values.metric_values, anew.metric_values)
        assert values.evaluations == game.evaluations == sum(level.evaluations for level in values.levels)
        assert values.evaluations + values.evaluations_saved == anew.evaluations + anew.evaluations_saved
        assert sorted(state.tree.order.tolist()) == list(range(stop))
        ends = game(np.repeat([[False], [True]], stop, axis=1))
        assert values.metric_values.sum() == pytest.approx(ends[1] - ends[0], abs=1e-12)


def test_the_first_values_are_hcdvs_where_nothing_is_left_to_chance():
    worths, X, y = rows_at_random(5, 24)
    config = replace(HCDV, hierarchy="agglomerative", children=(3,), leaf_size=3, permutations=(64,))

    found = started(worths, X, y, 24, IncrementalConfig(config))[0]

    expected = estimate_hcdv(Exact(worths), X, y, config=config, rng=np.random.default_rng(9))
    np.testing.assert_allclose(found.values, expected.values, atol=1e-13)
    np.testing.assert_allclose(found.metric_values, expected.metric_values, atol=1e-13)
    assert found.evaluations == expected.evaluations
    assert found.levels == expected.levels


def test_one_row_changes_the_games_of_its_leaf_and_of_its_ancestors_alone():
    worths, X, y = rows_at_random(1, 55)
    config = IncrementalConfig(replace(HCDV, children=(3,), leaf_size=2, permutations=(64,)), spawn_distance=2.0)
    first, state = started(worths, X, y, 54, config)

    values, now = update_incremental(state, Exact(worths), X[54:], y[54:])

    # 54 rows are 1 root, 3, 9 and 27 nodes, all of whose games are played; the path from the root to a leaf holds 4.
    assert first.games_played == 40
    assert (values.games_played, values.games_reused) == (4, 36)
    assert values.evaluations == 2 + 3 * (2**3 - 1) + (2**3 - 1)
    assert values.evaluations_saved == 10 * (2**3 - 1) + 26 * (2**2 - 1)
    assert now.updates == 1
    assert len(now.games) == 40


def test_the_tree_is_balanced_at_every_third_update_and_only_where_it_is_out_of_balance():
    worths, X, y = rows_at_random(2, 64)
    X[40:] = X[0] + 1e-3 * X[40:]
    config = IncrementalConfig(replace(HCDV, children=(2,), leaf_size=4), spawn_distance=2.0)
    _, state = started(worths, X, y, 40, config)
    largest, rebalanced, reused = [], [], []
    for stop in range(44, 65, 4):
        values, state = update_incremental(state, Exact(worths[:stop]), X[stop - 4 : stop], y[stop - 4 : stop])
        sizes = (state.tree.stops - state.tree.starts)[state.tree.child_counts == 0]
        largest.append(sizes.max())
        rebalanced.append(values.rebalanced)
        reused.append(values.games_reused)

    assert rebalanced == [False, False, True] * 2
    assert [size > 4 for size in largest] == [True, True, False] * 2
    assert min(reused) > 0


def test_a_row_far_from_every_leaf_founds_one_that_its_like_join():
    X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [-1.0, 0.0], [-1.0, 0.05], [1.0, 0.05]])
    worths, y = np.full(7, 0.125), np.array([0, 0, 1, 1, 0, 0, 0])
    config = IncrementalConfig(replace(HCDV, children=(2,), leaf_size=2))
    _, state = started(worths, X, y, 4, config)

    values, state = update_incremental(state, Exact(worths), X[4:], y[4:])

    leaves = {frozenset(state.tree.rows(node).tolist()) for node in np.flatnonzero(state.tree.child_counts == 0)}
    assert leaves == {frozenset({0, 1, 6}), frozenset({2, 3}), frozenset({4, 5})}
    assert values.leaves_founded == 1


def test_neither_the_order_of_a_batch_nor_a_save_in_between_changes_a_bit():
    worths, X, y = rows_at_random(3, 70)
    _, state = started(worths, X, y, 40, IncrementalConfig(HCDV, spawn_distance=0.05))
    straight, _ = update_incremental(state, Exact(worths), X[40:], y[40:])
    assert 1 < straight.leaves_founded < 30
    order = np.concatenate([np.arange(40), 40 + np.random.default_rng(0).permutation(30)])
    saved = IncrementalState.from_arrays(arrays_from_bytes(arrays_to_bytes(state.to_arrays())))

    shuffled, _ = update_incremental(saved, Exact(worths[order]), X[order[40:]], y[order[40:]])

    np.testing.assert_array_equal(shuffled.values, straight.values[order])
    assert shuffled.evaluations == straight.evaluations


def test_trained_models_and_neighbours_give_the_recomputed_values_to_rounding():
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(130, 4)), rng.normal(size=(60, 4))
    y, y_valid = (X[:, 0] > 0).astype(int), (X_valid[:, 0] > 0).astype(int)
    spec = ModelSpec("logistic_regression", {}, "balanced_accuracy")
    config = IncrementalConfig(
        HcdvConfig(embedding="standardized", children=(3,), leaf_size=20, permutations=(8,), balanced_classes=True)
    )

    def game(stop):
        return make_utility(spec, X[:stop], y[:stop], X_valid, y_valid)

    _, state = start_incremental(game(120), X[:120], y[:120], config=config, rng=rng, X_valid=X_valid, y_valid=y_valid)
    values, state = update_incremental(state, game(130), X[120:], y[120:])

    assert sum(level.by_neighbors for level in values.levels) > 0
    np.testing.assert_allclose(values.values, recompute(state, game(130)).values, atol=1e-9)


@pytest.mark.parametrize("embedding", ["given", "standardized", "encoder"])
def test_one_row_one_class_and_equal_rows_are_ordinary(embedding):
    X, y, worths = np.ones((6, 2)), np.zeros(6, dtype=int), np.full(6, 0.25)
    encoder = replace(HCDV.encoder, epochs=1)
    config = IncrementalConfig(replace(HCDV, embedding=embedding, encoder=encoder, leaf_size=3))
    values, state = started(worths, X, y, 1, config)
    assert values.metric_values[0] == pytest.approx(0.7 * 0.25 / 1.25, abs=1e-15)

    for stop in (1, 2, 6):
        values, state = update_incremental(state, Exact(worths[:stop]), X[len(state.y) : stop], y[len(state.y) : stop])
        np.testing.assert_array_equal(values.values, values.values[0])
        assert values.values.sum() == pytest.approx(0.7 * stop / 4 / (1 + stop / 4), abs=1e-14)


def test_a_budget_is_refused_before_anything_is_spent():
    worths, X, y = rows_at_random(4, 45)
    _, state = started(worths, X, y, 40)
    needed = update_incremental(state, Exact(worths), X[40:], y[40:])[0].evaluations
    game = Exact(worths)

    with pytest.raises(BudgetTooSmallError):
        update_incremental(state, game, X[40:], y[40:], budget=needed - 1)

    assert game.evaluations == 0
    assert update_incremental(state, game, X[40:], y[40:], budget=needed)[0].evaluations == needed


def test_another_metric_other_shapes_and_other_formats_are_refused():
    worths, X, y = rows_at_random(4, 12)
    _, state = started(worths, X, y, 10)

    class Other(Exact):
        def __call__(self, coalitions):
            return super().__call__(coalitions) + 0.1

    with pytest.raises(InvalidDataError, match=r"worth 0\.2 and is worth 0\.3"):
        update_incremental(state, Other(worths), X[10:], y[10:])
    for features, targets in ((X[10:11], y[10:]), (X[10:, :2], y[10:]), (X[10:] * np.nan, y[10:])):
        with pytest.raises(InvalidDataError):
            update_incremental(state, Exact(worths), features, targets)
    with pytest.raises(InvalidDataError, match="numbers or texts"):
        update_incremental(state, Exact(worths), X[10:], np.array([None, None]))
    with pytest.raises(InvalidDataError, match="numbers or texts before"):
        update_incremental(state, Exact(worths), X[10:], np.array(["a", "b"]))
    with pytest.raises(InvalidDataError, match="format"):
        IncrementalState.from_arrays({"format": np.array("hcdv-inc/0")})
    with pytest.raises(InvalidDataError, match="validation rows"):
        started(worths, X, y, 10, IncrementalConfig(replace(HCDV, large_leaf="knn", leaf_size=10)))
    for setting in ({"spawn_distance": -1.0}, {"rebalance_every": 0}, {"imbalance_max": 0.5}):
        with pytest.raises(InvalidSpecError):
            IncrementalConfig(HCDV, **setting)
    with pytest.raises(InvalidSpecError, match="context"):
        IncrementalConfig(replace(HCDV, context="rest"))
