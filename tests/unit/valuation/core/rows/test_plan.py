"""HCDV as blocks: the same bits wherever and in whatever order they run, within the budget, whoever owns the rows."""

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

from valuation.core import (
    Block,
    BlockResult,
    FgsvPlan,
    HcdvPlan,
    PlanSequence,
    PlanState,
    knn_shapley,
    run_block,
    run_plan,
)
from valuation.core.errors import BudgetTooSmallError, InvalidSpecError, PlanOrderError
from valuation.core.games.rows import PooledRows
from valuation.core.library.estimate_hcdv import estimate_hcdv
from valuation.core.rows import plan as hcdv_plan
from valuation.core.rows.blocks import bounded_ends, bounds
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.market import EVALUATIONS_BATCHED, EVALUATIONS_LOOPED, market_config, market_plan

N = 120
RNG = np.random.default_rng(0)
X, X_VALID = RNG.normal(size=(N, 4)), RNG.normal(size=(30, 4))
Y, Y_VALID = (X[:, 0] > 0).astype(int), (X_VALID[:, 0] > 0).astype(int)
ROWS = PooledRows(X, Y, X_VALID, Y_VALID)
CONFIG = HcdvConfig(children=(4,), leaf_size=10, permutations=(8, 4), large_leaf="knn")
SAMPLED = replace(CONFIG, children=(6,), permutations=(5,))


class Game:
    """Rows of unequal worth with diminishing returns; counts what it is asked."""

    n_players = N
    worths = np.random.default_rng(1).normal(0.02, 0.05, N)

    def __init__(self):
        self.asked = 0

    def __call__(self, coalitions):
        self.asked += len(coalitions)
        return 0.5 + 0.3 * np.tanh(coalitions @ self.worths)


def points(plan, state):
    found = plan.estimate(state)
    return found.values.tolist(), found.metric_values.tolist()


@pytest.mark.parametrize("config", [CONFIG, SAMPLED, replace(SAMPLED, context="rest")])
def test_a_run_saved_at_every_block_gives_the_same_bits(config):
    straight = run_plan(HcdvPlan(N, config), Game(), [], 11, rows=ROWS)
    saved, results = HcdvPlan(N, config).start().to_bytes(), {}
    while blocks := HcdvPlan(N, config).next_wave(PlanState.from_bytes(saved)):
        for block in reversed(blocks):  # any order, on any machine
            sent = Block.from_json(json.loads(json.dumps(dataclasses.asdict(block))))
            needed = results.get(block.params.get("builds_on"))
            foundation = None if needed is None else BlockResult.from_bytes(needed).arrays
            results[block.number] = run_block(Game(), [], sent, 11, rows=ROWS, foundation=foundation).to_bytes()
        for block in blocks:
            result = BlockResult.from_bytes(results[block.number])
            saved = HcdvPlan(N, config).merge(PlanState.from_bytes(saved), block, result).to_bytes()

    assert saved == straight.to_bytes()
    assert points(HcdvPlan(N, config), PlanState.from_bytes(saved)) == points(HcdvPlan(N, config), straight)


def test_the_tree_comes_first_and_then_a_wave_a_level():
    plan, game = HcdvPlan(N, CONFIG), Game()
    state, waves, foundation = plan.start(), [], None
    while blocks := plan.next_wave(state):
        assert plan.next_wave(state) == blocks
        waves.append({block.params.get("level") for block in blocks})
        for block in blocks:
            result = run_block(game, [], block, 1, rows=ROWS, foundation=foundation)
            foundation = foundation or result.arrays
            state = plan.merge(state, block, result)

    # 120 rows: 4 clusters of 30, each of 4 leaves of 7 or 8 rows, which ask their neighbours and play no game
    assert waves == [{None}, {0}, {1}]
    assert state.evaluations == game.asked
    figures = plan.progress(state)
    assert (figures["levels"], figures["levels_played"], figures["evaluations_left"]) == (3, 2, 0)


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("pair_seconds", [3e-8, 1e-2])
def test_leaves_ask_the_neighbours_of_all_rows(monkeypatch, balanced, pair_seconds):
    monkeypatch.setattr(hcdv_plan, "_PAIR_SECONDS", pair_seconds)  # one block, or one a validation row
    plan = HcdvPlan(N, replace(CONFIG, balanced_classes=balanced))

    state = run_plan(plan, Game(), [], 3, rows=ROWS)

    classes = [code == Y_VALID for code in (0, 1)] if balanced else [np.full(30, fill_value=True)]
    expected = np.mean([knn_shapley(X, Y, X_VALID[some], Y_VALID[some], 5) for some in classes], axis=0)
    found = np.empty(N)
    found[state.arrays["players"]] = state.arrays["neighbor_values"]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_dear_game_is_played_in_pieces_with_the_same_values():
    whole = HcdvPlan(N, CONFIG, cost=lambda _: 1e-9)
    pieces = HcdvPlan(N, CONFIG, cost=lambda _: 0.2)

    one, other = (run_plan(plan, Game(), [], 3, rows=ROWS) for plan in (whole, pieces))

    assert other.blocks_merged > one.blocks_merged
    assert other.evaluations == one.evaluations
    np.testing.assert_allclose(whole.estimate(one).values, pieces.estimate(other).values, atol=1e-12)


def test_merging_out_of_order_or_planning_too_early_is_refused():
    plan = HcdvPlan(N, CONFIG)
    (tree,) = plan.next_wave(plan.start())
    result = run_block(Game(), [], tree, 1, rows=ROWS)
    state = plan.merge(plan.start(), tree, result)

    with pytest.raises(PlanOrderError, match="block 1 is next"):
        plan.merge(state, tree, result)
    with pytest.raises(PlanOrderError, match="0 are merged"):
        plan.next_wave(replace(plan.start(), wave_end=1))
    with pytest.raises(TypeError, match="needs the rows"):
        run_block(Game(), [], plan.next_wave(state)[0], 1, rows=ROWS)


def in_turn(group_sizes, config=CONFIG):
    return PlanSequence(FgsvPlan(group_sizes, budget=3_000, with_seller_game=True), HcdvPlan(N, config))


def test_two_plans_in_turn_give_each_its_own_values():
    plan, groups = in_turn((20, 40, 60)), np.split(np.arange(N), [20, 60])
    game, states = Game(), []

    state = run_plan(plan, game, groups, 7, rows=ROWS, progress=states.append)

    alone = run_plan(plan.first, Game(), groups, 7)
    rows_alone = run_plan(plan.second, Game(), [], 7, rows=ROWS)
    assert plan.first_state(state).to_bytes() == alone.to_bytes()
    assert plan.second_state(state).to_bytes() == rows_alone.to_bytes()
    assert state.evaluations == game.asked == alone.evaluations + rows_alone.evaluations
    assert [one.blocks_merged for one in states] == list(range(1, state.blocks_merged + 1))
    assert PlanState.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


def test_owners_change_no_bit_of_a_rows_value():
    owners = np.random.default_rng(3).integers(0, 3, N)
    shells = np.where(owners == 0, 3 + np.arange(N) % 5, owners)

    def values(labels):
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        plan = in_turn(tuple(len(group) for group in groups))
        return points(plan.second, plan.second_state(run_plan(plan, Game(), groups, 7, rows=ROWS)))

    assert values(shells) == values(owners) == values(2 - owners)


def test_equal_rows_are_worth_the_same_wherever_they_stand():
    doubled = np.concatenate([X[:60], X[:60]]), np.concatenate([Y[:60], Y[:60]])
    game = Game()
    game.worths = np.tile(Game.worths[:60], 2)

    found = estimate_hcdv(game, *doubled, config=CONFIG, rng=np.random.default_rng(0), X_valid=X_VALID, y_valid=Y_VALID)

    assert found.values[:60].tolist() == found.values[60:].tolist()
    assert found.metric_values.sum() == pytest.approx(np.ptp(game(np.array([[False], [True]]).repeat(N, 1))), abs=1e-12)


def test_the_encoder_embeds_the_rows_and_the_same_seed_gives_the_same_bits():
    config = replace(CONFIG, embedding="encoder", encoder=EncoderConfig(device="cpu", epochs=1, dimensions=4))
    plan = HcdvPlan(N, config)

    first, second = (run_plan(plan, Game(), [], 5, rows=ROWS) for _ in range(2))

    assert first.to_bytes() == second.to_bytes()
    assert plan.estimate(first).encoder_refused == ""


def test_rows_that_no_encoder_can_be_trained_on_are_clustered_by_their_features():
    config = replace(CONFIG, embedding="encoder")
    without_features = PooledRows(X[:, :0], Y, X_VALID[:, :0], Y_VALID)

    plan = HcdvPlan(N, config)
    found = plan.estimate(run_plan(plan, Game(), [], 5, rows=without_features))

    assert "Features must have shape" in found.encoder_refused
    assert len(set(found.metric_values.tolist())) == 2, "rows of one class are all alike"


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("n_rows", [0, 1, 7, 64, 65, 1_000, 10_000, 200_000])
@pytest.mark.parametrize(("batched", "budget"), [(True, EVALUATIONS_BATCHED), (False, EVALUATIONS_LOOPED)])
def test_a_market_of_any_size_stays_within_the_stated_budget(task, n_rows, batched, budget):
    metric = {"classification": "roc_auc", "regression": "r2"}[task]

    plan = market_plan(n_rows=n_rows, task=task, metric=metric, batched=batched, cost=lambda _: 2e-3)

    assert 2 * plan.repetitions <= plan.evaluations_max <= budget


def test_a_budget_that_no_leaf_fits_is_refused():
    with pytest.raises(BudgetTooSmallError):
        CONFIG.within(N, 1)


def test_losses_are_cut_at_twice_that_of_the_constant_predictor():
    config = market_config(n_rows=N, task="regression", metric="neg_mse", batched=True)
    ends = np.array([-4.0, -0.5])

    assert bounds(ends, config) == (-8.0, 0.0)
    assert bounded_ends(ends, config) == (-4.0, -0.5)
    assert config.unit(-4.0) == 4.0
    assert config.unit(0.0) == 1.0
    assert market_config(n_rows=N, task="regression", metric="r2", batched=True).unit(-4.0) == 1.0


def test_settings_survive_json_and_those_unknown_are_refused():
    config = replace(SAMPLED, embedding="encoder", metric_range=None, in_baselines=True)

    assert HcdvConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(InvalidSpecError, match="embedding"):
        replace(config, embedding="crystal ball")
