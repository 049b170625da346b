"""How far HCDV's values move from one encoder and tree to the next, by size of leaf, on the demo's market.

Run: OMP_NUM_THREADS=1 python -m benchmarks.hcdv_repetitions [repetitions]
"""

import sys
import time
from dataclasses import replace

import numpy as np

from benchmarks.fgsv_adult import adult_rows, buyers_game
from benchmarks.hcdv_rows import detection
from marketplace.demo import adult
from valuation.core import HcdvPlan, run_plan
from valuation.core.rows.market import market_config
from valuation.core.rows.repetitions import RepeatedHcdvPlan, hcdv_group_sums

LEAF_SIZES = (64, 128, 256, 512, 1_250)
FLIPPED = 0.1


def main(repetitions: int) -> None:
    rows, sellers = adult_rows()
    flipped = np.random.default_rng(0).random(len(rows.y)) < FLIPPED
    config = market_config(n_rows=len(rows.y), task="classification", metric=adult.METRIC, batched=True)
    print(
        "| leaf | evaluations | CPU s | scatter of shares, points | rows, correlation | flips, one tree | flips, mean |"
    )
    print("| --: | --: | --: | --: | --: | --: | --: |")
    for leaf_size in LEAF_SIZES:
        plan = RepeatedHcdvPlan(HcdvPlan(len(rows.y), replace(config, leaf_size=leaf_size)), repetitions)
        figures = []
        for y in (rows.y, np.where(flipped, 1 - rows.y, rows.y)):
            pooled = replace(rows, y=y)
            game = buyers_game(pooled)
            started = time.process_time()
            state = run_plan(plan, game, [], 1, rows=pooled)
            figures.append((plan.estimate(state), (time.process_time() - started) / repetitions))
        (clean, seconds), (noisy, _) = figures
        by_repetition = clean.by_repetition[:, 0]
        shares = np.array([[one[seller].sum() for seller in sellers] for one in by_repetition])
        shares = 100 * shares / shares.sum(axis=1, keepdims=True)
        between = np.corrcoef(by_repetition)[np.triu_indices(repetitions, 1)].mean()
        one_tree = np.mean([detection(one, flipped) for one in noisy.by_repetition[:, 0]])
        print(
            f"| {leaf_size:,} | {clean.evaluations // repetitions:,} | {seconds:.1f} |"
            f" {np.sqrt(shares.var(axis=0, ddof=1).mean()):.2f} | {between:.2f} | {one_tree:.3f} |"
            f" {detection(noisy.values, flipped):.3f} |",
            flush=True,
        )
        print("  shares:", hcdv_group_sums(clean, sellers)[0].shares.round(3).tolist(), file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
