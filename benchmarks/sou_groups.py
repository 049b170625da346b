"""Sums of row values over the four groups of SOU by every baseline: mean relative error at three budgets.

Run from the repository root: ``OMP_NUM_THREADS=1 python -m benchmarks.sou_groups`` (about a minute).
"""

import numpy as np

from valuation.core import estimate_points
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.known_games import sou_game

METHODS = [
    "permutation", "group_testing", "complementary", "one_for_all", "stratified_svarm", "kernel_shap",
    "unbiased_kernel_shap", "leverage_shap",
]  # fmt: skip
BUDGETS = (1000, 5000, 20_000)
SEEDS = {64: 4, 128: 2}


def error(n, method, budget, seed):
    game = sou_game(n, np.random.default_rng(seed))
    sums = np.eye(4)[np.arange(n) % 4].T
    try:
        values = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed)).values
    except BudgetTooSmallError:
        return np.nan
    return np.abs(sums @ values / (sums @ game.shapley_values) - 1).mean()


def main():
    for n, seeds in SEEDS.items():
        print(f"{n} rows: " + " ".join(f"{budget:>10,}" for budget in BUDGETS))
        for method in METHODS:
            found = [np.mean([error(n, method, budget, seed) for seed in range(seeds)]) for budget in BUDGETS]
            print(f"{method:>22} " + " ".join(f"{value:>10.4f}" for value in found))


if __name__ == "__main__":
    main()
