"""A pilot that sees no variance claims no certainty: coverage where utilities move in few coalitions only."""

import numpy as np
import pytest

from tests.oracles.games_at_random import contiguous_groups
from tests.oracles.rare_events import SIZES, games_of, needle, runs_on
from valuation.core import FgsvPlan, run_plan
from valuation.core.games.known_games import QuotaGame


@pytest.mark.parametrize(
    ("n", "name", "before"),
    [(90, "needle in a large group", 73), (90, "voting by types", 83)],
)
def test_intervals_hold_where_few_coalitions_matter(n, name, before):
    """Games of which ``before`` % of intervals held when a variance of 0 was believed."""
    del before
    found = runs_on(games_of(n)[name], SIZES[n], 8)

    assert found.held >= 0.93
    assert found.whole > 0.8


def test_a_pilot_that_saw_one_utility_at_each_size_does_not_end_the_run():
    """Below half of the rows all is 0, above all is 1: what lies between is asked, and no error is 0."""
    types = np.ones(400, dtype=np.int64)
    types[[0, 3, 133, 200, 399]] = 0
    plan = FgsvPlan(SIZES[400], 20_000)

    state = run_plan(plan, QuotaGame(types, (2, 200)), contiguous_groups(SIZES[400]), 9)

    assert state.evaluations > 19_000
    assert (plan.estimate(state).standard_errors > 1e-3).all()


def test_no_size_goes_without_a_floor_of_draws():
    plan = FgsvPlan(SIZES[120], 20_000)

    state = run_plan(plan, needle(120, 119), contiguous_groups(SIZES[120]), 1)

    sampled = [k for k, stratum in enumerate(plan.strata) if stratum.kind != "enumeration"]
    each = np.array([plan.strata[k].evaluations_per_draw for k in sampled])
    assert (state.arrays["draws"][sampled] * each).min() >= 20_000 / (10 * len(plan.strata)) - 8


def test_a_single_row_is_no_group_of_pairs_before_pairs_tell_of_it():
    kinds = {stratum.kind for stratum in FgsvPlan((1, 99, 100, 200), 20_000).strata if stratum.high < 40}

    assert kinds == {"enumeration", "covariance"}


@pytest.mark.soak
@pytest.mark.parametrize(("n", "name"), [(n, name) for n in SIZES for name in games_of(n)])
def test_coverage_of_rare_events(n, name, capsys):
    found = runs_on(games_of(n)[name], SIZES[n], 200)

    with capsys.disabled():
        print(f"\n{name}, {n} rows: {100 * found.held:.1f} % of {100 * found.whole:.0f} %, width {found.width:.2f}")  # noqa: T201 - the figure is the point
    assert found.held >= 0.93
    assert found.whole >= 0.9
