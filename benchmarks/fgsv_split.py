"""Are FGSV's errors right on a small real market, whole and with one seller split into five shells?

450 rows of Adult, 90 a seller, valued over and over with other seeds: the scatter of the values over seeds against the
errors that each run claims, and how far the shells' sum lies from the whole seller's value.

Run: OMP_NUM_THREADS=1 python -m benchmarks.fgsv_split [seeds]
"""

import sys

import numpy as np

from benchmarks.fgsv_adult import adult_market
from valuation.core import FgsvPlan, run_plan
from valuation.core.games.game import FloatMatrix, Game, IndexVector

SHELLS = 5
SPLIT_SELLER = 1
TARGET = 0.04


def valued(
    game: Game, groups: list[IndexVector], owner: IndexVector, seeds: range
) -> tuple[FloatMatrix, FloatMatrix, float]:
    """Values of owners, float64 ``(n_seeds, n_owners)``, the errors claimed, and evaluations a run."""
    belongs = (owner == np.arange(owner.max() + 1)[:, None]).astype(np.float64)
    plan = FgsvPlan(tuple(len(group) for group in groups), budget=100_000, target=TARGET)
    values, errors, spent = [], [], 0
    for seed in seeds:
        found = plan.estimate(run_plan(plan, game, groups, seed), seed)
        values.append(belongs @ found.values)
        errors.append(np.sqrt(np.diag(belongs @ found.covariance @ belongs.T)))
        spent += found.evaluations
    return np.array(values), np.array(errors), spent / len(seeds)


def main(n_seeds: int) -> None:
    game, _, groups = adult_market(rows_per_seller=90, validation_rows=500)
    shell_of = np.random.default_rng(SPLIT_SELLER).integers(0, SHELLS, len(groups[SPLIT_SELLER]))
    shells = [groups[SPLIT_SELLER][shell_of == shell] for shell in range(SHELLS)]
    others = [group for seller, group in enumerate(groups) if seller != SPLIT_SELLER]
    sellers = [seller for seller in range(len(groups)) if seller != SPLIT_SELLER]
    markets = {
        "whole": (groups, np.arange(len(groups))),
        "five shells": ([*others, *shells], np.array([*sellers, *[SPLIT_SELLER] * SHELLS])),
    }
    found = {}
    for name, (parts, owner) in markets.items():
        # The plan's draws follow the seed: other seeds, so that the two markets are independent.
        first = 1_000 * (len(found) + 1)
        found[name] = values, errors, spent = valued(game, parts, owner, range(first, first + n_seeds))
        ratio = values.std(axis=0, ddof=1) / np.sqrt((errors**2).mean(axis=0))
        print(f"{name}: {spent:,.0f} evaluations a run, scatter over claimed error {ratio.round(2)}", flush=True)
    (whole, whole_errors, _), (split, split_errors, _) = found.values()
    off = (split.mean(axis=0) - whole.mean(axis=0)) / np.sqrt((whole.var(axis=0) + split.var(axis=0)) / n_seeds)
    z = (split - whole) / np.hypot(whole_errors, split_errors)
    print(f"shells against whole: mean difference in its standard errors {off.round(1)}")
    print(f"one run against one run: z, root mean square {np.sqrt((z**2).mean(axis=0)).round(2)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
