"""What a finished run keeps of its rows by kind: by class of the target, and by each category column."""

from typing import Any

import numpy as np

from valuation.core.hcdv.row_kinds import KindMeans, mean_by_kind
from valuation.models import ValuationRun
from valuation.services import inputs
from valuation.services.columns import categories, classes

# Of fewer rows a mean says more about chance than about the kind.
KIND_ROWS_MIN = 20


def row_kinds(*, run: ValuationRun, by_repetition: inputs.Array, by_seller: list[inputs.Array]) -> list[dict[str, Any]]:
    """Mean values of rows by kind as JSON, column by column, the classes of the target first.

    Args:
        run: The run, for its frozen rows.
        by_repetition: Values of the rows by the metric alone, ``(repetitions, rows)``.
        by_seller: Rows of each seller, in the order of the manifest's sellers.
    """
    targets, features = inputs.training_targets(run), inputs.training_features(run)
    columns = [classes(run.manifest, targets), *categories(run.manifest, features)]
    return [
        {
            "column": name,
            "kinds": names,
            "sellers": [_means(by_repetition[:, rows], kinds[rows]) for rows in by_seller],
            "all": _means(by_repetition, kinds),
        }
        for name, names, kinds in columns
        if names
    ]


def _means(by_repetition: inputs.Array, kinds: inputs.Array) -> dict[str, list[float]]:
    found: KindMeans = mean_by_kind(by_repetition, np.asarray(kinds, dtype=np.int64), rows_min=KIND_ROWS_MIN)
    return {
        "kinds": found.kinds.tolist(),
        "rows": found.rows.tolist(),
        "means": found.means.tolist(),
        "standard_errors": found.standard_errors.tolist(),
        "ahead": found.ahead.tolist(),
        "ahead_standard_errors": found.ahead_standard_errors.tolist(),
    }
