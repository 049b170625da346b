"""Budgets too small for an interval say so."""

import numpy as np
import pytest

from valuation.core import FgsvPlan, estimate_fgsv, run_block
from valuation.core.errors import InvalidSpecError
from valuation.core.fgsv.precision import DueTarget
from valuation.core.games.known_games import NeedleGame, QuotaGame

SIZES = (1, 9, 40, 150, 200)
GROUPS = np.split(np.arange(400), np.cumsum(SIZES)[:-1])


def needle(power=1.0):
    effects = np.zeros(400)
    effects[399] = 1.0
    return NeedleGame(effects, power)


def price(game, budget):
    return estimate_fgsv(game, GROUPS, budget=budget, rng=np.random.default_rng(3))


def test_a_budget_that_hardly_met_the_needle_gives_no_interval_and_says_so():
    found = price(needle(), 1_000)

    assert found.withheld.any()
    assert np.isinf(found.interval()[found.withheld]).all()
    np.testing.assert_array_equal(found.share_interval(), np.tile([0.0, 1.0], (5, 1)))
    assert np.isfinite(found.covariance).all()
    count = found.withheld.sum()
    assert found.too_few == (
        f"{found.evaluations:,} evaluations are too few to say how far the values of {count} of 5 groups "
        "may be off: scores move in coalitions that hardly any draw has met. Ask again with more."
    )


@pytest.mark.parametrize("game", [needle(), QuotaGame(np.zeros(400, dtype=np.int64), (200,))])
def test_a_larger_budget_gives_one(game):
    """Also of a threshold, of which no draw of a size differs from another: 300 of them are enough."""
    found = price(game, 20_000)

    assert not found.withheld.any()
    assert found.too_few == ""
    assert np.isfinite(found.interval()).all()


@pytest.mark.parametrize("targets", [{"target": 1.0}, {"due_target": DueTarget(10.0, 1.0)}])
def test_no_run_stops_by_its_target_while_an_interval_is_withheld(targets):
    """Targets that anything meets; the pilot has seen too little."""
    plan = FgsvPlan(SIZES, 3_000, **targets)
    state = plan.start()
    for block in plan.next_wave(state):
        state = plan.merge(state, block, run_block(needle(), GROUPS, block, 3))

    assert plan.estimate(state).withheld.any()
    assert not plan.enough(state)
    assert plan.next_wave(state)
    assert plan.progress(state)["share_half_width"] is None


@pytest.mark.parametrize("budget", [None, 1e3, True, "1000"])
def test_a_budget_that_is_no_whole_number_is_refused(budget):
    with pytest.raises(InvalidSpecError, match=r"budget is .*; expected a whole number of utility evaluations"):
        price(needle(), budget)
