"""What a checked table holds, column by column, small enough to keep beside it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marketplace.ingest.schema import Column, TableSchema

BINS = 20


def profile(table: pa.Table, schema: TableSchema) -> dict[str, Any]:
    """Summarise a normalised table as JSON.

    Per column the missing cells, and of numbers minimum, mean, maximum and a histogram of ``BINS`` equal bins between
    them, of categories how often each is there.
    """
    columns = [_summary(table.column(column.name), column) for column in schema.columns]
    return {"rows": table.num_rows, "columns": columns}


def _summary(values: pa.ChunkedArray, column: Column) -> dict[str, Any]:
    common = {"name": column.name, "kind": column.kind, "missing": values.null_count}
    if column.kind == "category":
        return {**common, "counts": _counts(values, column)}
    numbers = values.drop_null().to_numpy()
    if not len(numbers):
        return {**common, "minimum": None, "mean": None, "maximum": None, "histogram": []}
    # Divided before summed: a column of very large numbers must not overflow into infinity, which JSON does not know.
    mean = float(np.sum(numbers / len(numbers)))
    return {
        **common,
        "minimum": float(numbers.min()),
        "mean": mean,
        "maximum": float(numbers.max()),
        "histogram": _histogram(numbers),
    }


def _histogram(numbers: np.ndarray) -> list[int]:
    """Rows in each of the equal bins from minimum to maximum; a constant fills the first."""
    low, high = numbers.min(), numbers.max()
    # Halved before subtracted: the span of two very large numbers must not overflow.
    span = high / 2 - low / 2
    if span == 0:
        return [len(numbers), *[0] * (BINS - 1)]
    places = np.minimum(((numbers / 2 - low / 2) / span * BINS).astype(np.int64), BINS - 1)
    return [int(rows) for rows in np.bincount(places, minlength=BINS)]


def _counts(values: pa.ChunkedArray, column: Column) -> dict[str, int]:
    counted = pc.value_counts(values.drop_null())
    found = {entry["values"]: entry["counts"] for entry in counted.to_pylist()}
    return {category: found.get(category, 0) for category in column.categories}
