"""Runs of every estimator that offers intervals, on games with known values: which of its 95 % intervals hold them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import gamma

import numpy as np

from tests.oracles.coverage_of_samples import by_class, out_of_bag, validation_sample
from tests.oracles.coverage_of_trees import four_trees
from tests.oracles.covered import Covered, holds, of_groups
from tests.oracles.games_at_random import PolynomialGame, contiguous_groups, group_sums, learning_table
from valuation.core import (
    FgsvPlan,
    du_shapley,
    estimate_fgsv,
    estimate_gsv,
    estimate_points,
    exact_shapley,
    run_plan,
)
from valuation.core.known_games import DualGame, SumOfUnanimityGame, sou_game

SIZES = (2, 3, 4, 5)
POINT_METHODS = (
    "permutation", "banzhaf", "beta_shapley", "group_testing", "complementary", "one_for_all", "svarm",
    "stratified_svarm", "kernel_shap", "unbiased_kernel_shap", "leverage_shap",
)  # fmt: skip
SHAPLEY_METHODS = tuple(method for method in POINT_METHODS if method not in {"banzhaf", "beta_shapley"})
# Their draws are circles of n (n - 1) evaluations, and four of them the fewest that have an interval.
AROUND = ("permutation", "beta_shapley")
# A size's variance is bounded by that of all its coalitions.
CONSERVATIVE = {"complementary": ("values",)}
# Thirty sellers of 100 rows, a third of them with a single row.
MANY = (1,) * 10 + (2,) * 10 + (4,) * 5 + (10,) * 5
# Budgets near the smallest that a method takes.
FEWEST = {"permutation": 290, "beta_shapley": 290, "banzhaf": 64, "group_testing": 100, "complementary": 100,
          "one_for_all": 100, "svarm": 228, "stratified_svarm": 150, "kernel_shap": 100, "unbiased_kernel_shap": 100,
          "leverage_shap": 100}  # fmt: skip


@cache
def curve(n, number):
    """A learning curve of rows of unequal worth, and its Shapley values by enumeration."""
    game = learning_table(n, np.random.default_rng([20, number]))
    return game, exact_shapley(game)


@cache
def unanimity(n, number):
    """SOU, whose noise sits near the full set."""
    game = sou_game(n, np.random.default_rng([22, number]))
    return game, game.shapley_values


@cache
def touched(n, number):
    """The dual of SOU, whose noise sits at small sizes."""
    game = DualGame(sou_game(n, np.random.default_rng([23, number])))
    return game, game.shapley_values


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


@cache
def discrete_uniform(n, number, sizes):
    """What DU-Shapley estimates, by all subsets: ``(1/P) sum_k E[U(D_g + R_k) - U(R_k)]``."""
    game, _ = curve(n, number)
    groups = contiguous_groups(sizes)
    truth = []
    for group in groups:
        rest = np.setdiff1d(np.arange(n), group)
        total = 0.0
        for k in range(len(groups)):
            size = int(k * len(rest) / (len(groups) - 1) + 0.5)
            without = np.zeros((0, n), dtype=bool)
            for chosen in combinations(rest, size):
                mask = np.zeros((1, n), dtype=bool)
                mask[0, list(chosen)] = True
                without = np.vstack([without, mask])
            together = without.copy()
            together[:, group] = True
            total += (game(together) - game(without)).mean()
        truth.append(total / len(groups))
    return np.array(truth)


def du(number, seed, budget):
    sizes = (1, 2, 3, 4)
    game, _ = curve(10, number)
    result = du_shapley(game, contiguous_groups(sizes), rng=np.random.default_rng(seed), budget=budget)
    return of_groups(result, discrete_uniform(10, number, sizes))


@cache
def semivalues(n, number, method):
    """Banzhaf and Beta(4, 1)-Shapley values by enumeration; Shapley values for all other methods."""
    game, shapley = curve(n, number)
    if method not in {"banzhaf", "beta_shapley"}:
        return shapley
    codes = np.arange(2**n)
    members = ((codes[:, None] >> np.arange(n)) & 1).astype(bool)
    values = np.zeros(n)
    for player in range(n):
        without = codes[~members[:, player]]
        gains = game.utilities[without | 1 << player] - game.utilities[without]
        sizes = members[without].sum(axis=1)
        if method == "banzhaf":
            weights = np.full(len(without), 1.0)
        else:  # Beta(alpha, beta) with alpha = 4, beta = 1 weighs small coalitions
            weights = np.array([_beta(s + 1, n - 1 - s + 4) for s in range(n)])[sizes]
        values[player] = weights @ gains / weights.sum()
    return values


def _beta(a, b):
    return gamma(a) * gamma(b) / gamma(a + b)


def points(method, n, number, *, budget, seed):
    game, _ = curve(n, number)
    result = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))
    if result.standard_errors is None:
        return None
    return Covered(holds(result.interval(), semivalues(n, number, method)))


@cache
def unanimity_semivalues(n, number, method, *, dual):
    """SOU or its dual with Beta(4, 1)-Shapley or Banzhaf values: a member of a set of a players waits for a - 1."""
    rng = np.random.default_rng([24, number])
    sets = np.argsort(rng.random((n * n, n)), axis=1) < rng.integers(1, n, size=(n * n, 1))
    coefficients = rng.random(n * n) / n**2
    sizes = sets.sum(axis=1)
    if method == "banzhaf":
        chances = 0.5 ** (sizes - 1.0)
    else:  # others are there with a chance q from Beta(1, 4), in the dual from Beta(4, 1): E[q^(a - 1)]
        chances = 4 / (sizes + 3) if dual else np.array([_beta(size, 4) / _beta(1, 4) for size in sizes])
    game = SumOfUnanimityGame(sets, coefficients)
    return DualGame(game) if dual else game, sets.T @ (coefficients * chances)


def circles(count, n):
    """A budget of so many circles."""
    return 2 + count * n * (n - 1)


def points_known(method, known, *, budget, seed):
    game, values = known
    result = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))
    return Covered(holds(result.interval(), values))


@dataclass(frozen=True)
class Case:
    """One estimator on one kind of game.

    Attributes:
        name: What is run.
        game: On which games.
        run: From a seed.
        runs: Most runs, where one is slow.
        conservative: Which intervals are wide by construction, ``"values"`` or ``"shares"``: they may hold the truth
            more often than 97 %. The share of a harmful seller is 0, and an interval that begins at 0 holds it always.
    """

    name: str
    game: str
    run: Callable[[int], Covered | None]
    runs: int = 1000
    conservative: tuple[str, ...] = ()


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
         lambda s: algorithm_1(curve(12, s % 3), (1, 2, 4, 5), budget=300, seed=s)),
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
    *(Case(f"points {method}", "3 learning curves, 9 rows",
           lambda s, method=method: points(method, 9, s % 3, budget=578 if method in AROUND else 400, seed=s),
           conservative=CONSERVATIVE.get(method, ()))
      for method in POINT_METHODS),
    *(Case(f"points {method}", "3 SOU, 16 rows",
           lambda s, method=method: points_known(method, unanimity(16, s % 3), budget=800, seed=s),
           conservative=CONSERVATIVE.get(method, ()))
      for method in SHAPLEY_METHODS if method not in AROUND),
    *(Case(f"points {method}", "3 duals of SOU, 32 rows",
           lambda s, method=method: points_known(method, touched(32, s % 3), budget=1600, seed=s),
           conservative=CONSERVATIVE.get(method, ()))
      for method in SHAPLEY_METHODS if method not in AROUND),
    *(Case(f"points permutation, {count} circles", "3 SOU, 16 rows",
           lambda s, count=count: points_known("permutation", unanimity(16, s % 3), budget=circles(count, 16), seed=s))
      for count in (4, 8)),
    *(Case(f"points permutation, {count} circles", "3 duals of SOU, 32 rows",
           lambda s, count=count: points_known("permutation", touched(32, s % 3), budget=circles(count, 32), seed=s))
      for count in (4, 8)),
    *(Case(f"points {method}", f"3 {'duals of ' if dual else ''}SOU, 16 rows",
           lambda s, method=method, dual=dual: points_known(
               method, unanimity_semivalues(16, s % 3, method, dual=dual), budget=circles(4, 16), seed=s))
      for method in ("beta_shapley", "banzhaf") for dual in (False, True)),
    *(Case(f"points {method}, fewest draws", "3 learning curves, 9 rows",
           lambda s, method=method, budget=budget: points(method, 9, s % 3, budget=budget, seed=s),
           conservative=CONSERVATIVE.get(method, ()))
      for method, budget in FEWEST.items()),
    Case("hcdv, 4 trees, sums", "4 sellers, 120 rows", lambda s: four_trees(s, sellers=True)),
    Case("hcdv, 4 trees, rows", "4 sellers, 120 rows", lambda s: four_trees(s, sellers=False)),
    *(Case(f"data_oob, {bags} bags", "60 rows, 2 classes",
           lambda s, bags=bags: out_of_bag("classification", budget=bags, seed=s), conservative=("values",))
      for bags in (10, 50, 200)),
    *(Case(f"data_oob, {bags} bags", "60 rows, numbers",
           lambda s, bags=bags: out_of_bag("regression", budget=bags, seed=s)) for bags in (120, 200)),
    *(Case(f"500 validation rows, {metric}", f"5 sellers, {share} % in class 2",
           lambda s, metric=metric, share=share: validation_sample(metric, rare=share / 100, seed=s),
           conservative=("shares",))
      for metric in ("accuracy", "balanced_accuracy", "neg_log_loss", "roc_auc") for share in (50, 10)),
    # F1 is a ratio of counts: 50 rows of a class that models seldom name are too few, and held 89 %.
    *(Case(f"{size:,} validation rows, macro_f1", f"5 sellers, {share} % in class 2",
           lambda s, size=size, share=share: validation_sample("macro_f1", rare=share / 100, size=size, seed=s),
           conservative=("shares",)) for size, share in ((500, 50), (2000, 10))),
    *(Case(f"500 validation rows, {metric}", "5 sellers, numbers",
           lambda s, metric=metric: validation_sample(metric, task="regression", seed=s), conservative=("shares",))
      for metric in ("r2", "neg_mse")),
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
