"""The first rows of a file as one reading shows them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from marketplace.ingest.csv_table import UnreadableRecordError, decoded, records
from marketplace.ingest.isolated import peek_parquet_isolated
from marketplace.ingest.labels import numbered_labels
from marketplace.ingest.limits import Limits
from marketplace.ingest.problems import Problem, ProblemLog, shorten
from marketplace.ingest.reading import Reading
from marketplace.ingest.sniff import Format, text_problem

ROWS_SHOWN = 50
COLUMNS_SHOWN = 40


@dataclass(frozen=True)
class Preview:
    """Labels of all columns, and the first cells below the first of them, cut short."""

    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def labels_shown(self) -> tuple[str, ...]:
        return self.labels[:COLUMNS_SHOWN]

    @property
    def columns_left_out(self) -> int:
        return len(self.labels) - len(self.labels_shown)


def preview(stream: BinaryIO, *, format_: Format, reading: Reading, limits: Limits) -> Preview | Problem:
    """Read the first rows, or say why this reading shows none."""
    if format_ == "parquet":
        log = ProblemLog()
        labels, rows = peek_parquet_isolated(stream, limits, log, ROWS_SHOWN, COLUMNS_SHOWN)
        return log.shown[0] if log else _shown(labels, rows)
    if problem := text_problem(stream, reading.encoding):
        return problem
    with decoded(stream, reading) as text:
        try:
            found = [cells for _, cells in itertools.islice(records(text, limits, reading.delimiter), ROWS_SHOWN + 1)]
        except UnreadableRecordError as error:
            return error.problem
    if not found or not any(cell.strip() for cell in found[0]):
        return Problem(
            "source-error",
            "The first row of the file is empty.",
            "Export the table again and check that it begins with the column names.",
        )
    if len(found[0]) > limits.columns:
        return Problem(
            "field-count",
            f"The file has {len(found[0]):,} columns; at most {limits.columns:,} are accepted.",
            "Keep only the columns that the request names.",
            row=1,
        )
    labels = [cell.strip() for cell in found[0]] if reading.header else numbered_labels(len(found[0]))
    return _shown(labels, found[1:] if reading.header else found[:ROWS_SHOWN])


def _shown(labels: Sequence[str], rows: Sequence[Sequence[str]]) -> Preview:
    return Preview(
        # PostgreSQL keeps no NUL, and a Parquet file may name a column so.
        tuple(label.replace("\0", "\ufffd") for label in labels),
        tuple(tuple(shorten(cell) for cell in row[:COLUMNS_SHOWN]) for row in rows),
    )
