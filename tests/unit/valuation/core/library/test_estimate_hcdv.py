"""HCDV as a whole: conservation at every node, order, copies, and inputs at the edge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.games.rows import PooledRows
from valuation.core.library.estimate_hcdv import estimate_hcdv
from valuation.core.results import NoStandardErrorsError
from valuation.core.rows.blocks import tree_of
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.plan import HcdvPlan
from valuation.core.runner import run_plan

CONFIG = HcdvConfig(children=(4, 3), leaf_size=5, permutations=(8, 4), large_leaf="uniform")


class Curve:
    """A game of rows of unequal worth, some harmful; not monotone, and bounded by 1."""

    def __init__(self, worths):
        self.n_players = len(worths)
        self.worths = np.asarray(worths, dtype=float)
        self.evaluations = 0

    def __call__(self, coalitions):
        self.evaluations += len(coalitions)
        total = coalitions @ self.worths
        return 0.2 + 0.5 * np.tanh(total) + 0.2 * np.sin(5 * total)


def problem(seed, n_rows):
    rng = np.random.default_rng(seed)
    return Curve(rng.normal(0.1, 0.3, n_rows)), rng.normal(size=(n_rows, 3)), rng.integers(2, size=n_rows)


def price(game, z, y, config=CONFIG, seed=0, **validation):
    return estimate_hcdv(game, z, y, config=config, rng=np.random.default_rng(seed), **validation)


def pot_of(game):
    ends = game(np.array([np.zeros(game.n_players), np.ones(game.n_players)], dtype=bool))
    return ends[1] - ends[0]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.sampled_from(["alone", "rest"]),
    st.sampled_from(["knn", "uniform"]),
    st.sampled_from(["classification", "regression"]),
)
def test_children_sum_to_their_parents_pot_at_every_node(seed, n_rows, context, large_leaf, task):
    config = replace(CONFIG, context=context, large_leaf=large_leaf, leaf_size=8, task=task)
    game, z, y = problem(seed, n_rows)
    if task == "regression":
        config = replace(config, large_leaf="uniform")
    plan, rows = HcdvPlan(n_rows, config), PooledRows(z, y, z[:3], y[:3])

    state = run_plan(plan, game, [], seed, rows=rows)

    tree, found = tree_of(state.arrays), plan.attribution(state)
    assert state.evaluations == game.evaluations <= config.evaluations(n_rows)
    for node in range(tree.n_nodes):
        children = tree.children(node)
        parts = found.pots[children.start : children.stop] if children else found.values[tree.rows(node)]
        np.testing.assert_allclose(parts.sum(axis=0), found.pots[node], atol=1e-12)
    assert found.pots[0, 1] == pytest.approx(pot_of(game), abs=1e-12)
    if context == "alone":
        games = tree.levels.max() + 1
        assert (np.abs(found.values).sum(axis=0) <= 2.0**games * np.abs(found.pots[0]) + 1e-9).all()


def test_values_sum_to_the_pot_of_each_kind_and_every_evaluation_is_counted():
    game, z, y = problem(1, 60)

    result = price(game, z, y)

    assert result.evaluations == game.evaluations == sum(level.evaluations for level in result.levels)
    assert result.metric_values.sum() == pytest.approx(pot_of(game), abs=1e-12)
    # 60 rows: 4 clusters of 15, each of 3 leaves of 5 rows; 2^4 <= 8 * 4 but 2^5 > 4 * 5
    assert [level.nodes for level in result.levels] == [1, 4, 12]
    assert [level.enumerated for level in result.levels] == [1, 4, 0]
    assert [level.uniform for level in result.levels] == [0, 0, 12]


def test_without_dispersion_both_values_are_one():
    game, z, y = problem(2, 40)

    result = price(game, z, y, replace(CONFIG, dispersion_weight=0.0))

    assert result.values.tolist() == result.metric_values.tolist()


@pytest.mark.parametrize("context", ["alone", "rest"])
def test_rows_in_another_order_get_the_same_values(context):
    game, z, y = problem(3, 50)
    order = np.random.default_rng(9).permutation(50)
    config = replace(CONFIG, context=context, leaf_size=2)

    values = price(game, z, y, config).values
    permuted = price(Curve(game.worths[order]), z[order], y[order], config).values

    np.testing.assert_allclose(permuted, values[order], atol=1e-12)


def test_copies_in_one_leaf_are_worth_the_same():
    game, z, y = problem(4, 12)
    worths, copies = np.append(game.worths, [0.4] * 4), np.tile([5.0, 5.0, 5.0], (4, 1))

    config = replace(CONFIG, children=(4,), leaf_size=4, permutations=(64,))
    values = price(Curve(worths), np.vstack([z, copies]), np.append(y, [1] * 4), config).values

    np.testing.assert_allclose(values[12:], values[12], atol=1e-12)


def test_one_class_has_no_dispersion():
    game, z, _ = problem(5, 30)

    result = price(game, z, np.zeros(30, dtype=int))

    np.testing.assert_allclose(result.values, result.metric_values, atol=1e-12)


def test_one_row_gets_the_pot():
    game = Curve([0.3])

    assert price(game, [[1.0]], ["yes"]).values == pytest.approx([pot_of(game)], abs=1e-12)


def test_no_row_gets_nothing():
    assert price(Curve([]), np.zeros((0, 2)), []).values.tolist() == []


def test_a_constant_game_pays_nothing_and_asks_little():
    game = Curve(np.zeros(40))

    result = price(game, np.random.default_rng(0).normal(size=(40, 2)), np.zeros(40, dtype=int))

    assert (result.values.tolist(), result.evaluations) == ([0.0] * 40, 2)


def test_the_metric_is_bounded_first():
    game, z, y = problem(6, 20)

    result = price(game, z, y, replace(CONFIG, metric_range=(0.1, 0.3)))

    clipped = np.clip(game(np.array([np.zeros(20), np.ones(20)], dtype=bool)), 0.1, 0.3)
    assert result.metric_values.sum() == pytest.approx(clipped[1] - clipped[0], abs=1e-12)


def test_a_negative_pot_is_divided_without_remainder():
    game = Curve(-np.linspace(0.01, 0.04, 36))
    z = np.random.default_rng(1).normal(size=(36, 2))

    result = price(game, z, np.arange(36) % 2)

    assert result.metric_values.sum() == pytest.approx(pot_of(game), abs=1e-12)
    assert pot_of(game) < 0


def test_large_leaves_ask_their_neighbours():
    game, z, y = problem(7, 60)
    config = replace(CONFIG, large_leaf="knn")

    result = price(game, z, y.astype(str), config, X_valid=z[:10], y_valid=y[:10].astype(str))

    assert [level.by_neighbors for level in result.levels] == [0, 0, 12]
    assert result.metric_values.sum() == pytest.approx(pot_of(game), abs=1e-12)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_neighbours_that_cannot_be_had_are_refused_before_anything_is_spent(task):
    game, z, y = problem(8, 60)

    with pytest.raises(InvalidDataError, match="valued by neighbours"):
        price(game, z, y, replace(CONFIG, large_leaf="knn", task=task))

    assert game.evaluations == 0


def test_embeddings_must_fit_the_game():
    game, z, y = problem(9, 10)

    with pytest.raises(InvalidDataError, match="10 rows"):
        price(game, z[:9], y[:9])


@pytest.mark.parametrize(
    "setting",
    [
        {"dispersion_weight": -0.1},
        {"permutations": (1,)},
        {"permutations": ()},
        {"shares_limit": 1.0},
        {"n_neighbors": 0},
        {"metric_range": (1.0, 0.0)},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(InvalidSpecError, match=next(iter(setting))):
        HcdvConfig(**setting)


def test_values_name_the_seed_of_their_draws_and_offer_no_interval():
    game, z, y = problem(3, 40)
    result = price(game, z, y, CONFIG, seed=5)

    assert result.seed == int(np.random.default_rng(5).integers(2**63))
    assert result.standard_errors is None
    with pytest.raises(NoStandardErrorsError, match="hcdv/3"):
        result.interval(0.95)
