"""Runs of every estimator that offers intervals, on games with known values: which of its 95 % intervals hold them."""

from dataclasses import dataclass

import numpy as np

from tests.oracles.coverage_games import curve, discrete_uniform, long_curve, touched, unanimity
from tests.oracles.coverage_of_rows import ROW_CASES, circles, runs_of
from tests.oracles.coverage_of_samples import by_class, out_of_bag, validation_sample
from tests.oracles.coverage_of_trees import four_trees
from tests.oracles.covered import Case, of_groups
from tests.oracles.games_at_random import PolynomialGame, contiguous_groups, group_sums
from valuation.core import (
    FgsvPlan,
    du_shapley,
    estimate_fgsv,
    estimate_gsv,
    run_plan,
)

SIZES = (2, 3, 4, 5)
# Thirty sellers of 100 rows, a third of them with a single row.
MANY = (1,) * 10 + (2,) * 10 + (4,) * 5 + (10,) * 5


def stopped_by_target(known, sizes, *, target, budget, seed):
    """FGSV ``auto`` as a marketplace runs it: waves until every payable share is known to the target."""
    game, values = known
    groups = contiguous_groups(sizes)
    plan = FgsvPlan(sizes, budget, target)
    state = run_plan(plan, game, groups, seed)
    assert plan.enough(state), "the run must have stopped by its rule, not by its budget"
    return of_groups(plan.estimate(state, seed), group_sums(values, groups))


def stopped_by_caller(known, sizes, *, budget, seed):
    """FGSV ``auto`` with the library's ``stop``: as soon as no interval is wider than a tenth of the pot."""
    game, values = known
    groups = contiguous_groups(sizes)

    def stop(result):
        return np.diff(result.interval()).max() < 0.1 * values.sum()

    result = estimate_fgsv(game, groups, budget=budget, rng=np.random.default_rng(seed), stop=stop)
    assert result.evaluations < budget
    return of_groups(result, group_sums(values, groups))


def polynomial(seed):
    sizes = (100, 200, 400)
    game = PolynomialGame(700, np.random.default_rng([21, seed]))
    return stopped_by_target((game, game.shapley_values), sizes, target=0.02, budget=200_000, seed=seed)


def algorithm_1(known, sizes, *, budget, seed):
    game, values = known
    groups = contiguous_groups(sizes)
    rng = np.random.default_rng(seed)
    return of_groups(
        estimate_fgsv(game, groups, budget=budget, rng=rng, method="algorithm_1"), group_sums(values, groups)
    )


def gsv(known, *, budget, seed):
    game, values = known
    groups = contiguous_groups((1,) * game.n_players)
    return of_groups(estimate_gsv(game, groups, budget=budget, rng=np.random.default_rng(seed)), values)


def du(number, seed, budget):
    sizes = (1, 2, 3, 4)
    game, _ = curve(10, number)
    result = du_shapley(game, contiguous_groups(sizes), rng=np.random.default_rng(seed), budget=budget)
    return of_groups(result, discrete_uniform(10, number, sizes))


# Metrics with wide intervals of values, as fewer than 20 validation rows matter; by rows and per cent in class 2.
SCARCE = {
    (500, 10): {"balanced_accuracy", "macro_f1"},
    (200, 10): {"balanced_accuracy", "roc_auc", "neg_log_loss"},
    (40, 50): {"balanced_accuracy", "roc_auc"},
}

CASES = (
    Case("fgsv auto, stop at +-4 % of shares", "3 learning curves, 14 rows",
         lambda s: stopped_by_target(curve(14, s % 3), SIZES, target=0.04, budget=14_000, seed=s)),
    Case("fgsv auto, stop at +-1 % of shares", "3 SOU, 32 rows",
         lambda s: stopped_by_target(unanimity(32, s % 3), (2, 4, 8, 18), target=0.01, budget=200_000, seed=s)),
    Case("fgsv auto, stop at +-2 % of shares", "3 duals of SOU, 64 rows",
         lambda s: stopped_by_target(touched(64, s % 3), (4, 8, 16, 36), target=0.02, budget=200_000, seed=s)),
    Case("fgsv auto, pairs, stop at +-2 %", "a third-order game of 700 rows each", polynomial, runs=200),
    Case("fgsv auto, the caller's stop", "3 duals of SOU, 64 rows",
         lambda s: stopped_by_caller(touched(64, s % 3), (4, 8, 16, 36), budget=100_000, seed=s)),
    Case("fgsv algorithm_1", "3 learning curves, 12 rows",
         lambda s: algorithm_1(curve(12, s % 3), (1, 2, 4, 5), budget=1500, seed=s)),
    Case("fgsv algorithm_1", "3 SOU, 32 rows",
         lambda s: algorithm_1(unanimity(32, s % 3), (2, 4, 8, 18), budget=6000, seed=s)),
    Case("fgsv algorithm_1, fewest draws", "3 learning curves, 12 rows",
         lambda s: algorithm_1(curve(12, s % 3), (1, 2, 4, 5), budget=570, seed=s)),
    *(Case(f"fgsv algorithm_1, {budget:,} evaluations", f"3 learning curves, {sum(sizes)} rows",
           lambda s, sizes=sizes, budget=budget: algorithm_1(
               long_curve(sum(sizes), s % 3), sizes, budget=budget, seed=s), runs=runs_of(budget),
           # Two sizes are visited for hundreds: few degrees of freedom, and a wide factor.
           conservative=("shares",) if budget == 3410 else ())
      for sizes, fewest in (((5, 10, 15, 30), 2770), ((50, 100, 100, 200), 3410)) for budget in (fewest, 4 * fewest)),
    Case("fgsv auto, 30 sellers, stop at +-0.5 % of shares", "3 SOU, 100 rows",
         lambda s: stopped_by_target(unanimity(100, s % 3), MANY, target=0.005, budget=200_000, seed=s)),
    Case("fgsv auto, 30 sellers, stop at +-0.5 % of shares", "3 duals of SOU, 100 rows",
         lambda s: stopped_by_target(touched(100, s % 3), MANY, target=0.005, budget=200_000, seed=s)),
    Case("gsv, eight circles", "3 learning curves, 14 sellers",
         lambda s: gsv(curve(14, s % 3), budget=circles(8, 14), seed=s)),
    Case("gsv, four circles", "3 learning curves, 14 sellers",
         lambda s: gsv(curve(14, s % 3), budget=circles(4, 14), seed=s), conservative=("shares",)),
    Case("gsv, four circles", "3 SOU, 16 sellers", lambda s: gsv(unanimity(16, s % 3), budget=circles(4, 16), seed=s)),
    Case("gsv, four circles", "3 duals of SOU, 32 sellers",
         lambda s: gsv(touched(32, s % 3), budget=circles(4, 32), seed=s)),
    Case("du_shapley", "3 learning curves, 10 rows", lambda s: du(s % 3, s, 800)),
    Case("du_shapley, 4 repetitions", "3 learning curves, 10 rows", lambda s: du(s % 3, s, 80),
         conservative=("shares",)),
    *ROW_CASES,
    Case("hcdv, 4 trees, sums", "4 sellers, 120 rows", lambda s: four_trees(s, sellers=True)),
    Case("hcdv, 4 trees, rows", "4 sellers, 120 rows", lambda s: four_trees(s, sellers=False)),
    *(Case(f"data_oob, {bags} bags", "60 rows, 2 classes",
           lambda s, bags=bags: out_of_bag("classification", budget=bags, seed=s), conservative=("values",))
      for bags in (10, 50, 200)),
    *(Case(f"data_oob, {bags} bags", "60 rows, numbers",
           lambda s, bags=bags: out_of_bag("regression", budget=bags, seed=s)) for bags in (120, 200)),
    *(Case(f"{size:,} validation rows, {metric}", f"5 sellers, {share} % in class 2",
           lambda s, metric=metric, share=share, size=size: validation_sample(
               metric, rare=share / 100, size=size, seed=s),
           conservative=("values", "shares") if metric in SCARCE.get((size, share), ()) else ("shares",))
      for size, share in ((500, 50), (500, 10), (40, 50), (200, 10))
      for metric in ("accuracy", "balanced_accuracy", "neg_log_loss", "roc_auc", "macro_f1")),
    *(Case(f"{size:,} validation rows, macro_f1", f"5 sellers, {share} % in class 2",
           lambda s, share=share, size=size: validation_sample("macro_f1", rare=share / 100, size=size, seed=s),
           conservative=("values", "shares") if size == 1000 else ())
      for size, share in ((1000, 10), (2000, 10), (500, 4), (1250, 4))),
    *(Case(f"{size:,} validation rows, {metric}", "5 sellers, numbers",
           lambda s, metric=metric, size=size: validation_sample(metric, task="regression", size=size, seed=s),
           conservative=("values", "shares") if (metric == "r2" and size < 500) or size == 50 else ("shares",))
      for size in (500, 200, 50) for metric in ("r2", "neg_mse")),
    *(Case(f"500 validation rows, {metric} by class", f"5 sellers, {share} % in class 2",
           lambda s, metric=metric, share=share: by_class(metric, rare=share / 100, seed=s))
      for metric in ("accuracy", "balanced_accuracy", "neg_log_loss") for share in (50, 10)),
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """Share of intervals that hold the truth and its standard error, of values and of shares (0 where there are none).

    Intervals of one run are dependent, runs are not: errors come from the scatter over runs.
    """

    runs: int
    values: tuple[float, float]
    shares: tuple[float, float]


def coverage_of(case, runs):
    """Coverage over seeds ``0..runs-1``; ``None`` where the estimator offers no interval."""
    found = [case.run(seed) for seed in range(min(runs, case.runs))]
    if any(one is None for one in found):
        return None
    values = [one.values.mean() for one in found]
    shares = [one.shares.mean() for one in found if one.shares is not None]
    return Coverage(len(found), _mean(values), _mean(shares) if shares else (0.0, 0.0))


def _mean(per_run):
    return float(np.mean(per_run)), float(np.std(per_run, ddof=1) / np.sqrt(len(per_run)))
