"""UCI Adult as the demo's market sees it: the table, the buyer's request, and the files that are uploaded."""

import csv
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from marketplace.demo.profiles import Seller

TABLE_PATH = Path(__file__).parent / "data" / "adult.parquet"

TARGET = "income"
TASK = "classification"
METRIC = "balanced_accuracy"
MODEL_SPEC: dict[str, Any] = {"family": "logistic_regression", "params": {"C": 1.0}, "seed": 0}

# What a buyer would accept, not what Adult happens to contain: a seller's next export may hold a higher gain.
# `fnlwgt`, the Census Bureau's sampling weight, predicts little, but the request asks for it all the same: it is one of
# Adult's 14 features, and it is what tells two people with equal answers apart. Without it 10.6 % of the training
# part's rows repeat and look like copies. With it there are 108 encoded features: 6 numbers, 99 labels, and "unknown"
# for each of the three nullable columns.
NUMBER_RANGES = {
    "age": (0, 120),
    "fnlwgt": (0, 10_000_000),
    "education-num": (1, 16),
    "capital-gain": (0, 1_000_000),
    "capital-loss": (0, 100_000),
    "hours-per-week": (0, 168),
}
NULLABLE = frozenset({"workclass", "occupation", "native-country"})


@cache
def load_table() -> pa.Table:
    """Return all 48,842 rows in UCI's order, the training part first; `split` says which part a row belongs to."""
    return pq.read_table(TABLE_PATH)


def training_part() -> pa.Table:
    return _part("train")


def test_part() -> pa.Table:
    return _part("test")


def request_schema() -> dict[str, Any]:
    """Return the schema of the buyer's request: 14 features and the target, in the order of the table."""
    return {"columns": [_column_schema(name) for name in _requested_columns()]}


def seller_csv(seller: Seller) -> bytes:
    """Return a seller's rows as the file that the seller uploads."""
    return _csv(seller.rows)


def validation_csv(*, seed: int, rows: int = 5_000) -> bytes:
    """Return the buyer's validation file: rows of the test part, drawn uniformly without replacement, in UCI's order.

    Not stratified: a buyer has the people it has, and balanced accuracy weighs both classes equally whatever their
    counts.
    """
    part = test_part()
    row_numbers = np.random.default_rng(seed).choice(part.num_rows, size=rows, replace=False)
    return _csv(part.take(pa.array(np.sort(row_numbers))))


def _part(split: str) -> pa.Table:
    table = load_table()
    return table.filter(pc.equal(table["split"], split))


def _requested_columns() -> list[str]:
    return [name for name in load_table().column_names if name != "split"]


def _column_schema(name: str) -> dict[str, Any]:
    if name in NUMBER_RANGES:
        minimum, maximum = NUMBER_RANGES[name]
        return {"name": name, "kind": "number", "required": True, "minimum": minimum, "maximum": maximum}
    # Every label that UCI's documentation declares occurs in the table, so the table can stand for the declaration.
    categories = sorted(load_table()[name].drop_null().unique().to_pylist())
    return {"name": name, "kind": "category", "required": name not in NULLABLE, "categories": categories}


def _csv(rows: pa.Table) -> bytes:
    """Write the requested columns as RFC 4180: header, CRLF, quotes only where needed, an empty cell for null."""
    requested = rows.select(_requested_columns())
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(requested.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in requested.columns), strict=True))
    return text.getvalue().encode()
