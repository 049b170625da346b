"""Every kind of block through every place that needs to know it: its kernel, its parameters, its step of a run."""

import json
from dataclasses import asdict, replace
from typing import get_type_hints, is_typeddict

import numpy as np
import pytest

from valuation.core import FgsvPlan, HcdvPlan
from valuation.core.games.rows import PooledRows
from valuation.core.plans.block_kinds import BlockKind, Step, kinds_of
from valuation.core.plans.plan import Block, Place
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.repetitions import RepeatedHcdvPlan
from valuation.core.runner import KERNELS, ROW_KERNELS, run_block
from valuation.models import WorkBlock

N = 120
RNG = np.random.default_rng(0)
X, X_VALID = RNG.normal(size=(N, 4)), RNG.normal(size=(30, 4))
ROWS = PooledRows(X, (X[:, 0] > 0).astype(int), X_VALID, (X_VALID[:, 0] > 0).astype(int))
HCDV = HcdvPlan(N, HcdvConfig(children=(4,), leaf_size=10, permutations=(8, 4), large_leaf="knn"))
# Stored with the blocks of every run.
STORED = {
    "ends", "coalitions", "without_one", "circles", "enumeration", "covariance", "coupled", "weighing",
    "hcdv_tree", "hcdv_neighbors", "hcdv_games",
}  # fmt: skip
every_kind = pytest.mark.parametrize("kind", list(BlockKind))


class Game:
    """Rows of unequal worth."""

    n_players = N

    def __call__(self, coalitions):
        return np.tanh(coalitions @ np.linspace(-0.01, 0.05, N))


def made_by(plan):
    """Blocks of a whole run of values of rows."""
    state, results = plan.start(), {}
    while wave := plan.next_wave(state):
        for block in wave:
            foundation = results[block.place["builds_on"]].arrays if "builds_on" in block.place else None
            results[block.number] = run_block(Game(), [], block, 7, rows=ROWS, foundation=foundation)
            state = plan.merge(state, block, results[block.number])
            yield block


@pytest.fixture(scope="module")
def blocks():
    """One block of every kind that plans make."""
    sellers = [
        FgsvPlan((67, 133, 267, 533), 20_000, with_seller_game=True),
        FgsvPlan((6,) * 20, 8_000, with_seller_game=True),
        FgsvPlan((2, 3, 2), 1_000),
    ]
    first_waves = [block for plan in sellers for block in plan.next_wave(plan.start())]
    return {block.kind: block for block in (*first_waves, *made_by(RepeatedHcdvPlan(HCDV, 4)))}


def parameters_of(kind):
    kernel = ROW_KERNELS[kind] if kind.is_of_rows else KERNELS[kind]
    return get_type_hints(kernel)["params"]


def test_kinds_are_stored_as_ever():
    assert {kind.value for kind in BlockKind} == STORED


def test_every_kind_belongs_to_one_step_and_has_one_kernel():
    assert sorted(kind for step in Step for kind in kinds_of(step)) == sorted(BlockKind)
    assert KERNELS.keys() | ROW_KERNELS.keys() == set(BlockKind)
    assert not KERNELS.keys() & ROW_KERNELS.keys()


@every_kind
def test_some_plan_makes_it(kind, blocks):
    assert kind in blocks


@every_kind
def test_its_parameters_are_those_that_its_kernel_names(kind, blocks):
    named, place = parameters_of(kind), get_type_hints(Place)

    assert is_typeddict(named)
    assert not named.__annotations__.keys() & place.keys()
    assert named.__required_keys__ <= blocks[kind].params.keys() <= get_type_hints(named).keys() | place.keys()


@every_kind
def test_it_is_read_back_as_it_was(kind, blocks):
    block = blocks[kind]

    assert Block.from_json(json.loads(json.dumps(asdict(block)))) == block
    assert BlockKind.stored(kind.value) is kind
    assert len(kind) <= WorkBlock._meta.get_field("kind").max_length


@every_kind
def test_others_build_on_it_just_where_that_is_said(kind, blocks):
    assert kind.is_built_on == (kind.step is Step.TREES)
    assert ("builds_on" in blocks[kind].place) == (kind.step is Step.ROWS)


def test_a_block_of_rows_is_not_run_without_what_it_builds_on(blocks):
    with pytest.raises(TypeError, match="hcdv_games needs the rows and what it builds on"):
        run_block(Game(), [], blocks[BlockKind.GAMES], 7, rows=ROWS)
    with pytest.raises(ValueError, match="no kind of block 'shapley'"):
        Block.from_json(asdict(blocks[BlockKind.ENDS]) | {"kind": "shapley"})
    assert replace(blocks[BlockKind.ENDS], wave=1).kind is BlockKind.ENDS
