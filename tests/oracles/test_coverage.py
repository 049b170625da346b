"""Coverage of 95 % intervals with the stopping rule on."""

from contextlib import suppress

import numpy as np
import pytest
from scipy import stats

from tests.oracles.coverage import CASES, coverage_of
from tests.oracles.coverage_games import long_curve
from tests.oracles.coverage_of_rows import FEWEST_OF_MANY
from tests.oracles.games_at_random import PolynomialGame, contiguous_groups, group_sums, learning_table
from valuation.core import FgsvPlan, estimate_points, exact_shapley, run_plan
from valuation.core.errors import BudgetTooSmallError

SIZES = (2, 3, 4, 5)


def covered(game, truth, sizes, *, target, budget, seed):
    """Whether each group's value interval and share interval hold the truth after a run that stopped itself."""
    plan = FgsvPlan(sizes, budget, target)
    state = run_plan(plan, game, contiguous_groups(sizes), seed)
    assert plan.enough(state), "the run must have stopped by its rule, not by its budget"
    result = plan.estimate(state, seed)
    shares = np.maximum(truth, 0) / np.maximum(truth, 0).sum()
    inside = []
    for interval, true in ((result.interval(0.95), truth), (result.share_interval(0.95), shares)):
        inside.append((interval[:, 0] <= true) & (true <= interval[:, 1]))
    return inside


def run_many(runs):
    """Runs on three learning-curve games of 14 rows, a seed each: values and shares covered, per run and group."""
    games = [learning_table(14, np.random.default_rng([20, number])) for number in range(3)]
    truths = [group_sums(exact_shapley(game), contiguous_groups(SIZES)) for game in games]
    return np.array(
        [covered(games[s % 3], truths[s % 3], SIZES, target=0.04, budget=14_000, seed=s) for s in range(runs)]
    )


def assert_covers(hits, level=0.95):
    """An exact binomial test per group, at one in ten thousand: groups of a run are dependent, runs are not."""
    runs = hits.shape[0]
    for kind, group in np.ndindex(hits.shape[1:]):
        found = int(hits[:, kind, group].sum())
        assert stats.binomtest(found, runs, level).pvalue > 1e-4, (kind, group, found / runs)


def test_intervals_cover_with_the_stopping_rule_on():
    assert_covers(run_many(200))


def test_intervals_cover_on_a_pool_with_pairs():
    sizes = (100, 200, 400)
    hits = []
    for seed in range(60):
        game = PolynomialGame(700, np.random.default_rng([21, seed]))
        truth = group_sums(game.shapley_values, contiguous_groups(sizes))
        hits.append(covered(game, truth, sizes, target=0.02, budget=200_000, seed=seed))
    assert_covers(np.array(hits))


@pytest.mark.parametrize(("method", "budget"), FEWEST_OF_MANY[60].items())
def test_below_the_budget_of_honest_intervals_there_are_none(method, budget):
    game, _ = long_curve(60, 0)

    def errors(most):
        return estimate_points(game, method=method, budget=most, rng=np.random.default_rng(0)).standard_errors

    assert (errors(budget) > 0).all()
    with suppress(BudgetTooSmallError):  # group testing and both regressions refuse less
        assert errors(budget - 2) is None


def bounds(case, kind, found):
    """Whether coverage lies within 93 to 97 %, or is at least 95 % where an interval is wide by construction.

    Two standard errors of the coverage itself are allowed, as luck of the seeds.
    """
    share, error = found
    least, most = (0.95, 1.0) if kind in case.conservative else (0.93, 0.97)
    return share + 2 * error >= least and share - 2 * error <= most


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}, {case.game}")
def test_coverage_over_a_thousand_runs(case, capsys):
    found = coverage_of(case, 1000)

    assert found is not None, "an estimator that offers no interval has no place here"
    pairs = [(kind, pair) for kind, pair in (("values", found.values), ("shares", found.shares)) if pair[0]]
    figures = ", ".join(f"{kind} {100 * share:.1f} % ± {100 * error:.1f}" for kind, (share, error) in pairs)
    with capsys.disabled():
        print(f"\n{case.name}, {case.game}, {found.runs} runs: {figures}")  # noqa: T201 - the figure is the point
    for kind, pair in pairs:
        assert bounds(case, kind, pair), figures
