"""What a marketplace run costs on the demo's market: CPU seconds and evaluations by target, and agreement over seeds.

Run: OMP_NUM_THREADS=1 python -m benchmarks.fgsv_adult [seeds]
"""

import sys
import time

import numpy as np
import pyarrow as pa

from marketplace.demo import adult, profiles
from valuation.core import FgsvPlan, ModelSpec, PooledRows, make_utility, run_plan
from valuation.core.games.game import Game, IndexVector
from valuation.core.models.features import Columns, FeatureEncoder
from valuation.core.models.training_seconds import batched_model_seconds

TARGETS = (0.02, 0.01)


def adult_rows(
    rows_per_seller: int | None = None, validation_rows: int = 5_000
) -> tuple[PooledRows, list[IndexVector]]:
    """The demo's rows with the buyer's validation rows, and which are each seller's.

    All 10,000 rows, or the first so many of each seller.
    """
    schema = adult.request_schema()

    def columns(table: pa.Table) -> Columns:
        return {
            column["name"]: table.column(column["name"]).to_numpy(zero_copy_only=False) for column in schema["columns"]
        }

    tables = [
        seller.rows.slice(0, rows_per_seller) for seller in profiles.sample_sellers(adult.training_part(), seed=0)
    ]
    valid = columns(adult.test_part().slice(0, validation_rows))
    encoder = FeatureEncoder.fit(schema, adult.TARGET, valid)
    X = np.concatenate([encoder.encode(columns(table)).values for table in tables])
    y = np.concatenate([encoder.encode_target(columns(table)) for table in tables])
    sellers = np.split(np.arange(len(y)), np.cumsum([table.num_rows for table in tables])[:-1])
    return PooledRows(X, y, encoder.encode(valid).values, encoder.encode_target(valid)), sellers


def buyers_game(rows: PooledRows) -> Game:
    """The demo's model over rows."""
    spec = ModelSpec.from_json({**adult.MODEL_SPEC, "metric": adult.METRIC})
    return make_utility(spec, rows.X, rows.y, rows.X_valid, rows.y_valid)


def adult_market(
    rows_per_seller: int | None = None, validation_rows: int = 5_000
) -> tuple[Game, IndexVector, list[IndexVector]]:
    """The buyer's model over the demo's sellers, the labels of the rows, and the rows of each seller."""
    rows, sellers = adult_rows(rows_per_seller, validation_rows)
    return buyers_game(rows), rows.y, sellers


def main(seeds: int) -> None:
    game, _, groups = adult_market()
    for target in TARGETS:
        values, errors = [], []
        for seed in range(seeds):
            plan = FgsvPlan(
                tuple(len(group) for group in groups),
                budget=1_000_000,
                target=target,
                rowwise=True,
                with_seller_game=True,
                cost=batched_model_seconds,
            )
            started = time.process_time()
            state = run_plan(plan, game, groups, seed)
            seconds = time.process_time() - started
            found = plan.estimate(state, seed)
            values.append(found.values)
            errors.append(found.standard_errors)
            print(
                f"target {target}: seed {seed}, {seconds:.1f} CPU s, {state.evaluations} evaluations, "
                f"{state.wave} waves, {state.blocks_merged} blocks, values {found.values.round(4)}"
            )
        ratio = np.std(values, axis=0, ddof=1) / np.mean(errors, axis=0) if seeds > 1 else np.nan
        print(f"target {target}: spread over seeds / claimed standard error {np.round(ratio, 2)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
