"""The demo's market in the engine alone: two seeds agree, and five shells of any seller move nobody else's money."""

import hashlib

import numpy as np
import pytest
from scipy import stats

from marketplace.demo import adult, profiles
from payouts.core.allocation import Account, allocate
from payouts.core.policy import Policy, Rule
from valuation.core import estimate_gsv
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.features import FeatureEncoder
from valuation.core.results import share_interval
from valuation.core.runner import run_plan

POT_MINOR = 1_000_000
TARGET = 0.04
SHELLS = 5
# Twenty comparisons (five splits, four others each) at 95 % together.
Z = stats.norm.ppf(1 - 0.05 / 2 / 20)


@pytest.fixture(scope="module")
def market():
    """The buyer's model over the demo's 10,000 rows in content order, and the owner of each row."""
    kinds = {column["name"]: column["kind"] for column in adult.request_schema()["columns"]}

    def columns(table):
        return {name: table.column(name).to_numpy(zero_copy_only=False) for name in kinds}

    sellers = profiles.sample_sellers(adult.training_part(), seed=0)
    valid = columns(adult.test_part().slice(0, 2_000))
    encoder = FeatureEncoder.fit(adult.request_schema(), adult.TARGET, valid)
    X = np.concatenate([encoder.encode(columns(seller.rows)).values for seller in sellers])
    y = np.concatenate([encoder.encode_target(columns(seller.rows)) for seller in sellers])
    owners = np.repeat(np.arange(len(sellers)), [len(seller.row_numbers) for seller in sellers])
    hashes = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in np.column_stack([X, y])]
    order = np.argsort(np.array(hashes, dtype="S16"), kind="stable")
    spec = ModelSpec.from_json({**adult.MODEL_SPEC, "metric": adult.METRIC})
    game = make_utility(spec, X[order], y[order], encoder.encode(valid).values, encoder.encode_target(valid))
    return game, owners[order]


def value(market, owners, *, seed):
    game, _ = market
    groups = [np.flatnonzero(owners == owner) for owner in range(owners.max() + 1)]
    plan = FgsvPlan(tuple(len(group) for group in groups), budget=100_000, target=TARGET, gated=True)
    return plan.estimate(run_plan(plan, game, groups, seed))


def amounts(found):
    """What each account is paid beyond chance, and the half-width of its interval, in minor units."""
    names = [str(number) for number in range(len(found.values))]
    allocation = allocate(
        [
            Account(key=name, owner_key=name, value=float(value), rows=1)
            for name, value in zip(names, found.values, strict=True)
        ],
        owner_errors=dict(zip(names, found.standard_errors.tolist(), strict=True)),
        pot_minor=POT_MINOR,
        policy=Policy(rule=Rule.GATE),
        salt="test",
    )
    ends = share_interval(found.values, found.covariance, 2 * stats.norm.cdf(Z) - 1)
    return np.array([account.amount_minor for account in allocation.accounts]), POT_MINOR * np.diff(ends)[:, 0] / 2


@pytest.fixture(scope="module")
def whole(market):
    return value(market, market[1], seed=21)


def test_two_seeds_give_overlapping_intervals(market, whole):
    again = value(market, market[1], seed=22)

    one, other = whole.interval(0.95), again.interval(0.95)
    assert (np.maximum(one[:, 0], other[:, 0]) <= np.minimum(one[:, 1], other[:, 1])).all()


@pytest.mark.parametrize("split", range(5))
def test_five_shells_of_a_seller_move_nobody_elses_amount(market, whole, split):
    _, owners = market
    mine = np.flatnonzero(owners == split)
    shells = np.random.default_rng(split).integers(0, SHELLS, len(mine))
    disguised = owners.copy()
    disguised[mine] = np.where(shells == 0, split, owners.max() + shells)

    after, after_half = amounts(value(market, disguised, seed=23))

    before, before_half = amounts(whole)
    others = [owner for owner in range(5) if owner != split]
    moved = np.abs(after[others] - before[others])
    assert (moved <= np.hypot(before_half[others], after_half[others])).all(), (moved, before_half, after_half)
    # What the shells gain is what the others lose, so it is held to their interval, summed as if all erred alike.
    shells_now = [split, *range(5, 4 + SHELLS)]
    gain = after[shells_now].sum() - before[split]
    assert gain == -(after[others] - before[others]).sum()
    assert gain <= np.hypot(before_half[split], after_half[others].sum()), (gain, before_half, after_half)


def test_the_same_shells_would_gain_under_gsv(market, whole):
    game, owners = market
    mine = np.flatnonzero(owners == 1)
    disguised = owners.copy()
    shells = np.random.default_rng(1).integers(0, SHELLS, len(mine))
    disguised[mine] = np.where(shells == 0, 1, owners.max() + shells)

    def gsv(of):
        groups = [np.flatnonzero(of == owner) for owner in range(of.max() + 1)]
        return estimate_gsv(game, groups, budget=600, rng=np.random.default_rng(0)).values

    honest, split = gsv(owners), gsv(disguised)
    assert honest.sum() == pytest.approx(split.sum())
    assert split[[1, 5, 6, 7, 8]].sum() > 1.5 * honest[1]
