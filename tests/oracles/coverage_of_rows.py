"""Runs of the estimators of rows, from few rows to many and from the fewest draws that have an interval."""

import numpy as np

from tests.oracles.coverage_games import curve, long_curve, semivalues, touched, unanimity, unanimity_semivalues
from tests.oracles.covered import Case, Covered, holds
from valuation.core import estimate_points

POINT_METHODS = (
    "permutation", "banzhaf", "beta_shapley", "group_testing", "complementary", "one_for_all", "svarm",
    "stratified_svarm", "kernel_shap", "unbiased_kernel_shap", "leverage_shap",
)  # fmt: skip
SHAPLEY_METHODS = tuple(method for method in POINT_METHODS if method not in {"banzhaf", "beta_shapley"})
# Their draws are circles of n (n - 1) evaluations, and four of them the fewest that have an interval.
AROUND = ("permutation", "beta_shapley")
# A size's variance is bounded by that of all its coalitions.
CONSERVATIVE = {"complementary": ("values",)}
# Evaluations from which methods offer an interval of 9 rows, or a few more.
FEWEST = {"permutation": 290, "beta_shapley": 290, "banzhaf": 64, "group_testing": 100, "complementary": 110,
          "one_for_all": 100, "svarm": 228, "stratified_svarm": 150, "kernel_shap": 100, "unbiased_kernel_shap": 296,
          "leverage_shap": 100}  # fmt: skip
# The same, to the last evaluation, of 60 and of 120 rows.
FEWEST_OF_MANY = {
    60: {"permutation": 14_162, "beta_shapley": 14_162, "banzhaf": 120, "group_testing": 66, "complementary": 5_312,
         "one_for_all": 1_336, "svarm": 2_248, "stratified_svarm": 658, "kernel_shap": 242,
         "unbiased_kernel_shap": 3_360, "leverage_shap": 242},
    120: {"permutation": 57_122, "beta_shapley": 57_122, "banzhaf": 240, "group_testing": 66, "complementary": 21_422,
          "one_for_all": 3_964, "svarm": 5_156, "stratified_svarm": 1_564, "kernel_shap": 482,
          "unbiased_kernel_shap": 7_722, "leverage_shap": 482},
}  # fmt: skip
# Jackknife residuals are far too large at two pairs a row, and of KernelSHAP a little at eight: 97 %.
CONSERVATIVE_AT_FEWEST = CONSERVATIVE | dict.fromkeys(("kernel_shap", "leverage_shap"), ("values",))
CONSERVATIVE_LATER = CONSERVATIVE | {"kernel_shap": ("values",)}


def points(method, n, number, *, budget, seed):
    game, _ = curve(n, number)
    result = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))
    if result.standard_errors is None:
        return None
    return Covered(holds(result.interval(), semivalues(n, number, method)))


def circles(count, n):
    """A budget of so many circles."""
    return 2 + count * n * (n - 1)


def runs_of(budget):
    """Runs that together cost about ten million evaluations, 100 at least and 1,000 at most."""
    return max(100, min(1000, 10_000_000 // budget))


def points_known(method, known, *, budget, seed):
    game, values = known
    result = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))
    return Covered(holds(result.interval(), values))


ROW_CASES = (
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
    *(Case(f"points {method}, {'' if times == 1 else '4 x '}fewest draws", f"3 learning curves, {n} rows",
           lambda s, method=method, n=n, budget=times * budget: points_known(
               method, long_curve(n, s % 3, method), budget=budget, seed=s),
           runs=runs_of(times * budget),
           conservative=(CONSERVATIVE_AT_FEWEST if times == 1 else CONSERVATIVE_LATER).get(method, ()))
      for n, fewest in FEWEST_OF_MANY.items() for method, budget in fewest.items() for times in (1, 4)),
    *(Case(f"points {method}, fewest draws", "3 steep learning curves, 60 rows",
           lambda s, method=method: points_known(
               method, long_curve(60, s % 3, method, steep=4), budget=FEWEST_OF_MANY[60][method], seed=s),
           runs=runs_of(FEWEST_OF_MANY[60][method]), conservative=CONSERVATIVE.get(method, ()))
      for method in ("complementary", "one_for_all", "svarm", "stratified_svarm", "unbiased_kernel_shap")),
)  # fmt: skip
