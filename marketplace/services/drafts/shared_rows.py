"""Rows that stand in both private files of a request: a model would be scored on what it was trained on."""

import numpy as np
import pyarrow as pa

from marketplace.basics.figures import count
from marketplace.copies.rows import kinds_of, read_rows
from marketplace.models import DataRequest
from marketplace.selectors.stored_rows import base_table, validation_table
from marketplace.services.requests import RequestRefusedError

# So many of them are named.
_NAMED = 5
# As problems of a file count them: the header is row 1.
_FIRST_ROW = 2


def check_apart_from_base(validation: pa.Table, request: DataRequest) -> None:
    """Refuse validation rows that are among the buyer's own.

    Raises:
        RequestRefusedError: Some are.
        InputsChangedError: The stored rows are not those that were checked.
    """
    shared = _shared(validation, base_table(request), request)
    if shared.size:
        raise RequestRefusedError(
            f"{_counted(shared)} of this file {'is' if shared.size == 1 else 'are'} also among your own rows, equal in "
            f"every column: {_named(shared)}. A model would be scored on what it was trained on.",
            remedy="Take them out of this file. Or remove your own rows, upload this file, and then upload your own "
            "rows with “Leave out rows that are also in the validation file” ticked.",
        )


def without_validation_rows(base: pa.Table, request: DataRequest, *, is_leaving_out: bool) -> pa.Table:
    """The buyer's own rows, none of which is a validation row.

    Raises:
        RequestRefusedError: Some are and shall not be left out, or all are.
        InputsChangedError: The stored validation rows are not those that were checked.
    """
    shared = _shared(base, validation_table(request), request)
    if shared.size and not is_leaving_out:
        raise RequestRefusedError(
            f"{_counted(shared)} of this file {'is' if shared.size == 1 else 'are'} also in the validation file, equal "
            f"in every column: {_named(shared)}. A model would be scored on what it was trained on.",
            remedy="Take them out of one of the two files, or tick “Leave out rows that are also in the validation "
            "file” and upload this one again.",
        )
    kept = np.delete(np.arange(base.num_rows, dtype=np.int64), shared)
    if not kept.size:
        raise RequestRefusedError(
            "Every row of this file is also in the validation file, so none is left.",
            remedy="Upload rows that are not in the validation file.",
        )
    return base.take(pa.array(kept))


def _shared(table: pa.Table, other: pa.Table, request: DataRequest) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places of the rows of a table that stand in the other too."""
    files = [
        read_rows(
            {name: each.column(name).to_numpy(zero_copy_only=False) for name in each.column_names}, request.schema
        )
        for each in (table, other)
    ]
    kinds, others = kinds_of(*files)
    return np.flatnonzero(np.isin(kinds, others))


def _counted(shared: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    return f"{count(shared.size)} row{'' if shared.size == 1 else 's'}"


def _named(shared: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    first = [count(place + _FIRST_ROW) for place in shared[:_NAMED].tolist()]
    if shared.size > _NAMED:
        return f"the first are rows {', '.join(first)}"
    return f"row{'' if shared.size == 1 else 's'} {', '.join(first)}"
