"""Parquet files: flat columns of numbers and text, in any order.

The footer states rows and decoded size; both are held against the limits before a page is decoded, and text is read as
dictionary indices, so that a short file cannot unfold into a long table.
"""

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from marketplace.ingest.cells import Faults, check_numbers, check_text
from marketplace.ingest.labels import match_labels, take_positions
from marketplace.ingest.limits import MEGABYTE, Limits
from marketplace.ingest.problems import Problem, ProblemLog, shorten
from marketplace.ingest.reading import Reading
from marketplace.ingest.schema import Column, TableSchema
from marketplace.ingest.sniff import ENCRYPTED_PARQUET_MAGIC

BATCH_ROWS = 8_192
FOOTER_ITEMS_MAX = 1_000_000
UNFOLDING_ENCODINGS = {"DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"}
REWRITE = "Write the file again, for example with pandas: to_parquet(path, index=False), and upload it whole."
FIRST_DATA_ROW = 2  # counted as in a spreadsheet, where the names are row 1


def read_parquet(
    stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog, reading: Reading
) -> pa.Table | None:
    """Read and check a Parquet file; None when there are problems, which are logged."""
    try:
        file = _opened(stream, limits, log)
        return None if file is None else _read(file, stream, schema, limits, log, reading=reading)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        log.add(Problem("format-error", f"The Parquet file cannot be read: {shorten(error)}", REWRITE))
        return None


def peek_parquet(
    stream: BinaryIO, limits: Limits, log: ProblemLog, rows: int, columns: int
) -> tuple[list[str], list[list[str]]]:
    """Return all labels, and the first rows of the first columns as text; empty when there are problems."""
    try:
        file = _opened(stream, limits, log)
        if file is None:
            return [], []
        labels = file.schema_arrow.names
        shown = [label for label in labels[:columns] if labels.count(label) == 1]
        batch = next(file.iter_batches(rows, columns=shown, use_threads=False))
        found = [_words(batch.column(at), limits) for at in range(batch.num_columns)]
        by_label = dict(zip(batch.schema.names, found, strict=True))
        return labels, [
            [by_label[label][row] if label in by_label else "" for label in labels[:columns]]
            for row in range(batch.num_rows)
        ]
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, StopIteration) as error:
        log.add(Problem("format-error", f"The Parquet file cannot be read: {shorten(error)}", REWRITE))
        return [], []


def _opened(stream: BinaryIO, limits: Limits, log: ProblemLog) -> pq.ParquetFile | None:
    """Open a file whose footer keeps to the limits."""
    stream.seek(0)
    if stream.read(4) == ENCRYPTED_PARQUET_MAGIC:
        log.add(_encrypted())
        return None
    file = _open(stream, limits)
    if problem := _footer_problem(file.metadata, limits):
        log.add(problem)
        return None
    return file


def _read(
    file: pq.ParquetFile, stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog, *, reading: Reading
) -> pa.Table | None:
    found = file.schema_arrow
    if reading.positions is None:
        positions = match_labels(found.names, schema, limits, log)
    else:
        positions = take_positions(reading.positions, found.names, schema, limits, log)
    labels = {column.name: found.names[positions[column.name]] for column in schema.columns if column.name in positions}
    columns = [
        column
        for column in schema.columns
        if column.name in labels
        and _is_named_once(column, labels[column.name], found.names, log)
        and _has_right_type(column, found.field(positions[column.name]).type, log)
    ]
    if not columns:
        return None
    texts = [labels[column.name] for column in columns if _is_text(found.field(positions[column.name]).type)]
    return _checked_rows(_open(stream, limits, texts), columns, labels, limits, log, reading=reading)


def _is_named_once(column: Column, label: str, names: Sequence[str], log: ProblemLog) -> bool:
    """Refuse a column whose name others have too: Parquet finds columns by name alone."""
    if names.count(label) == 1:
        return True
    log.add(
        Problem(
            "duplicate-label",
            f"The column “{shorten(label)}” is there {names.count(label)} times.",
            "Write the file again with the one that is meant.",
            column=column.name,
            value=shorten(label),
        )
    )
    return False


def _words(values: pa.Array, limits: Limits) -> list[str]:
    return ["" if value is None else str(value)[: limits.cell_chars] for value in values.to_pylist()]


def _open(stream: BinaryIO, limits: Limits, as_dictionary: Sequence[str] = ()) -> pq.ParquetFile:
    stream.seek(0)
    return pq.ParquetFile(
        stream,
        read_dictionary=list(as_dictionary),
        pre_buffer=False,
        thrift_string_size_limit=limits.size_bytes,
        thrift_container_size_limit=FOOTER_ITEMS_MAX,
    )


def _checked_rows(
    file: pq.ParquetFile,
    columns: list[Column],
    labels: dict[str, str],
    limits: Limits,
    log: ProblemLog,
    *,
    reading: Reading,
) -> pa.Table | None:
    chunks: dict[str, list[pa.Array]] = {column.name: [] for column in columns}
    first_row = FIRST_DATA_ROW
    for batch in file.iter_batches(BATCH_ROWS, columns=[labels[name] for name in chunks], use_threads=False):
        rows = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
        first_row += batch.num_rows
        for column in columns:
            values = batch.column(batch.schema.get_field_index(labels[column.name]))
            chunks[column.name].append(_checked(values, Faults(column, rows, log), limits, reading))
        if log:
            for arrays in chunks.values():
                arrays.clear()
    return None if log else pa.table({name: pa.chunked_array(arrays) for name, arrays in chunks.items()})


def _checked(values: pa.Array, faults: Faults, limits: Limits, reading: Reading) -> pa.Array:
    if faults.column.kind == "number":
        return check_numbers(values, faults)
    if pa.types.is_dictionary(values.type):
        # The dictionary is cut to the cell limit before it unfolds: one long entry may stand for every row.
        words = pc.utf8_slice_codeunits(_text(values.dictionary), 0, limits.cell_chars + 1)
        return check_text(words.take(values.indices), faults, limits, reading)
    return check_text(_text(values), faults, limits, reading)


def _text(values: pa.Array) -> pa.Array:
    values.validate(full=True)  # Arrow reads text unchecked; bytes that are not UTF-8 end here
    return pc.cast(values, pa.string())


def _has_right_type(column: Column, found: pa.DataType, log: ProblemLog) -> bool:
    if column.kind == "number":
        fits = pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    else:
        fits = _is_text(found) or pa.types.is_integer(found)
    if fits or pa.types.is_null(found):
        return True
    expected = "a number (integer, float or decimal)" if column.kind == "number" else "text (string)"
    nested = " Nested columns are not accepted." if pa.types.is_nested(found) else ""
    log.add(
        Problem(
            "type-error",
            f"The column is stored as {shorten(found)}; {expected} is expected.{nested}",
            "Convert the column before writing the file, for example with pandas: "
            f"df[{column.name!r}].astype({'float' if column.kind == 'number' else 'str'!r}).",
            column=column.name,
            value=shorten(found),
        )
    )
    return False


def _is_text(found: pa.DataType) -> bool:
    words = found.value_type if pa.types.is_dictionary(found) else found
    return bool(pa.types.is_string(words) or pa.types.is_large_string(words) or pa.types.is_string_view(words))


def _footer_problem(footer: pq.FileMetaData, limits: Limits) -> Problem | None:
    """Hold what the footer claims against the limits and against itself."""
    if footer.num_rows == 0:
        return Problem("row-count", "The file has no row.", "Write the file again with its rows.")
    if footer.num_rows > limits.rows:
        return Problem(
            "row-count",
            f"The file has {footer.num_rows:,} rows; at most {limits.rows:,} are accepted.",
            "Split the rows over several datasets.",
        )
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    if sum(group.num_rows for group in groups) != footer.num_rows or any(group.num_rows < 0 for group in groups):
        return Problem("format-error", "The footer of the Parquet file contradicts itself.", REWRITE)
    decoded_bytes = 0
    for group in groups:
        for index in range(group.num_columns):
            chunk = group.column(index)
            decoded_bytes += max(chunk.total_uncompressed_size, 8 * chunk.num_values)
            if UNFOLDING_ENCODINGS.intersection(chunk.encodings):
                return _unfolding(chunk)
    if decoded_bytes > limits.decoded_bytes:
        return Problem(
            "byte-count",
            f"The file decodes to {decoded_bytes / MEGABYTE:,.0f} MB; "
            f"at most {limits.decoded_bytes / MEGABYTE:,.0f} MB are accepted.",
            "Split the rows over several datasets.",
        )
    return None


def _unfolding(chunk: pq.ColumnChunkMetaData) -> Problem:
    return Problem(
        "format-error",
        f"The column uses the encoding {', '.join(sorted(UNFOLDING_ENCODINGS.intersection(chunk.encodings)))}, "
        "whose decoded size cannot be told in advance.",
        "Write the file again with the default encodings.",
        column=shorten(chunk.path_in_schema),
    )


def _encrypted() -> Problem:
    return Problem("format-error", "The Parquet file is encrypted.", "Write it again without encryption.")
