"""How far HCDV's values move from one encoder and tree to the next, by size of leaf, on the demo's market.

Run: OMP_NUM_THREADS=1 python -m benchmarks.hcdv_repetitions [repetitions]
"""

import sys
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa

from benchmarks.hcdv_rows import detection
from marketplace.demo import adult, profiles
from valuation.core import HcdvPlan, ModelSpec, make_utility, run_plan
from valuation.core.hcdv.market import market_config
from valuation.core.hcdv.repetitions import RepeatedHcdvPlan, hcdv_group_sums
from valuation.core.rows import PooledRows
from valuation.core.utility.features import Columns, FeatureEncoder

LEAF_SIZES = (64, 128, 256, 512, 1_250)
FLIPPED = 0.1


def adult_rows() -> tuple[PooledRows, list[np.ndarray]]:
    """The demo's 10,000 rows with their validation rows, and the rows of each seller."""
    schema = adult.request_schema()

    def columns(table: pa.Table) -> Columns:
        return {
            column["name"]: table.column(column["name"]).to_numpy(zero_copy_only=False) for column in schema["columns"]
        }

    tables = [seller.rows for seller in profiles.sample_sellers(adult.training_part(), seed=0)]
    valid = columns(adult.test_part().slice(0, 5_000))
    encoder = FeatureEncoder.fit(schema, adult.TARGET, valid)
    X = np.concatenate([encoder.encode(columns(table)).values for table in tables])
    y = np.concatenate([encoder.encode_target(columns(table)) for table in tables])
    sellers = np.split(np.arange(len(y)), np.cumsum([table.num_rows for table in tables])[:-1])
    return PooledRows(X, y, encoder.encode(valid).values, encoder.encode_target(valid)), sellers


def main(repetitions: int) -> None:
    rows, sellers = adult_rows()
    flipped = np.random.default_rng(0).random(len(rows.y)) < FLIPPED
    spec = ModelSpec("logistic_regression", {}, adult.METRIC)
    config = market_config(n_rows=len(rows.y), task="classification", metric=adult.METRIC, batched=True)
    print(
        "| leaf | evaluations | CPU s | scatter of shares, points | rows, correlation | flips, one tree | flips, mean |"
    )
    print("| --: | --: | --: | --: | --: | --: | --: |")
    for leaf_size in LEAF_SIZES:
        plan = RepeatedHcdvPlan(HcdvPlan(len(rows.y), replace(config, leaf_size=leaf_size)), repetitions)
        figures = []
        for y in (rows.y, np.where(flipped, 1 - rows.y, rows.y)):
            game = make_utility(spec, rows.X, y, rows.X_valid, rows.y_valid)
            started = time.process_time()
            state = run_plan(plan, game, [], 1, rows=replace(rows, y=y))
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
