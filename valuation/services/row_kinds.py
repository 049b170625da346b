"""What a finished run keeps of its rows by kind: by class of the target, and by each category column."""

import numpy as np

from valuation.core.rows.row_kinds import mean_by_kind
from valuation.documents import KindMeans, RowKinds
from valuation.models import ValuationRun
from valuation.services import inputs
from valuation.services.columns import categories, classes

# Of fewer rows a mean says more about chance than about the kind.
KIND_ROWS_MIN = 20


def row_kinds(*, run: ValuationRun, by_repetition: inputs.Array, by_seller: list[inputs.Array]) -> tuple[RowKinds, ...]:
    """Mean values of rows by kind, column by column, the classes of the target first.

    Args:
        run: The run, for its frozen rows.
        by_repetition: Values of the rows by the metric alone, ``(repetitions, rows)``.
        by_seller: Rows of each seller, in the order of the manifest's sellers.
    """
    targets, features = inputs.training_targets(run), inputs.training_features(run)
    columns = [classes(run.manifest, targets), *categories(run.manifest, features)]
    return tuple(
        RowKinds(
            column=name,
            kinds=tuple(names),
            sellers=tuple(_means(by_repetition[:, rows], kinds[rows]) for rows in by_seller),
            all=_means(by_repetition, kinds),
        )
        for name, names, kinds in columns
        if names
    )


def _means(by_repetition: inputs.Array, kinds: inputs.Array) -> KindMeans:
    found = mean_by_kind(by_repetition, np.asarray(kinds, dtype=np.int64), rows_min=KIND_ROWS_MIN)
    return KindMeans(
        kinds=tuple(found.kinds.tolist()),
        rows=tuple(found.rows.tolist()),
        means=tuple(found.means.tolist()),
        standard_errors=tuple(found.standard_errors.tolist()),
        ahead=tuple(found.ahead.tolist()),
        ahead_standard_errors=tuple(found.ahead_standard_errors.tolist()),
    )
