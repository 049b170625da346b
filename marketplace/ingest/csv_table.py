"""CSV files: comma separated, UTF-8, one header row, columns in any order."""

import csv
import io
import itertools
from collections.abc import Iterator
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa

from marketplace.ingest.cells import Faults, check_text
from marketplace.ingest.labels import TEMPLATE_HINT, match_labels
from marketplace.ingest.limits import Limits
from marketplace.ingest.problems import Problem, ProblemLog, shorten
from marketplace.ingest.schema import Column, TableSchema
from marketplace.ingest.sniff import text_problem

DELIMITER_NAMES = {";": "semicolons (;)", "\t": "tabs", "|": "vertical bars (|)"}
BATCH_CELLS = 200_000
Record = tuple[int, list[str]]


class UnreadableRecordError(Exception):
    """A row cannot be told from the next; ``problem`` says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_csv(stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog) -> pa.Table | None:
    """Read and check a CSV file; None when there are problems, which are logged."""
    if problem := text_problem(stream):
        log.add(problem)
        return None
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        return _read_records(text, schema, limits, log)
    except UnreadableRecordError as error:
        log.add(error.problem)
        return None
    finally:
        text.detach()  # the stream belongs to the caller


def _read_records(text: TextIO, schema: TableSchema, limits: Limits, log: ProblemLog) -> pa.Table | None:
    first_line = text.readline(limits.record_chars)
    if problem := _delimiter_problem(first_line, schema):
        log.add(problem)
        return None
    text.seek(0)
    records = _records(text, limits)
    _, header = next(records, (1, []))
    labels = [label.strip() for label in header]
    if not any(labels):
        log.add(_blank_header(text))
        return None
    positions = match_labels(labels, schema, limits, log)
    if not positions:
        return None
    columns = {positions[column.name]: column for column in schema.columns if column.name in positions}
    rows = _data_rows(records, labels, limits, log)
    table = _checked_rows(rows, columns, max(1, BATCH_CELLS // len(labels)), limits, log)
    if not log and table.num_rows == 0:
        log.add(Problem("row-count", "There is no row below the header.", "Add the data rows below the header."))
    return None if log else table


def _records(text: TextIO, limits: Limits) -> Iterator[Record]:
    """Rows of cells with their number; a quoted line break stays inside its row, as a spreadsheet shows it."""
    lines = _BoundedLines(text, limits)
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    row = 0
    while True:
        row += 1
        lines.begin_record(row)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableRecordError(_quote_problem(row, str(error))) from error
        yield row, cells


class _BoundedLines:
    """Lines of a file, refused once one row has taken too many characters, so that no row fills the memory."""

    def __init__(self, text: TextIO, limits: Limits) -> None:
        self.text, self.chars_max, self.row, self.chars = text, limits.record_chars, 0, 0

    def begin_record(self, row: int) -> None:
        self.row, self.chars = row, 0

    def __iter__(self) -> "_BoundedLines":
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.chars_max + 1)
        self.chars += len(line)
        if self.chars > self.chars_max:
            raise UnreadableRecordError(
                Problem(
                    "length-constraint",
                    f"The row has more than {self.chars_max:,} characters.",
                    "Check that rows end with a line break and that every double quote is closed.",
                    row=self.row,
                    value=shorten(line),
                )
            )
        if not line:
            raise StopIteration
        return line


def _data_rows(records: Iterator[Record], labels: list[str], limits: Limits, log: ProblemLog) -> Iterator[Record]:
    """Rows with the right number of cells; blank rows between them and ragged rows are logged, blank ends are fine."""
    blank: list[int] = []
    for row, cells in records:
        if row > limits.rows + 1:
            raise UnreadableRecordError(_too_many_rows(limits))
        if not any(cell and not cell.isspace() for cell in cells):
            blank.append(row)
            continue
        for blank_row in blank:
            log.add(Problem("blank-row", "The row is empty.", "Remove the row.", row=blank_row))
        blank.clear()
        if len(cells) == len(labels):
            yield row, cells
        else:
            _tell_ragged(row, cells, labels, log)


def _checked_rows(
    rows: Iterator[Record], columns: dict[int, Column], batch_rows: int, limits: Limits, log: ProblemLog
) -> pa.Table:
    """Check columns, keyed by position, in batches: text of one batch is in memory, values only while wanted."""
    types = {column.name: pa.float64() if column.kind == "number" else pa.string() for column in columns.values()}
    chunks: dict[str, list[pa.Array]] = {name: [] for name in types}
    while batch := list(itertools.islice(rows, batch_rows)):
        numbers = np.fromiter((row for row, _ in batch), dtype=np.int64, count=len(batch))
        by_position = list(zip(*(cells for _, cells in batch), strict=True))
        for position, column in columns.items():
            texts = pa.array(by_position[position], pa.string())
            chunks[column.name].append(check_text(texts, Faults(column, numbers, log), limits))
        if log:
            for arrays in chunks.values():
                arrays.clear()
    return pa.table({name: pa.chunked_array(chunks[name], types[name]) for name in types})


def _delimiter_problem(first_line: str, schema: TableSchema) -> Problem | None:
    """Find a separator that fits the schema better than the comma does."""
    names = {name.casefold() for name in schema.names}

    def fit(delimiter: str) -> tuple[int, bool]:
        try:
            cells = next(csv.reader([first_line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            return 0, False
        known = len(names.intersection(cell.strip().casefold() for cell in cells))
        return known, len(cells) == len(names) > 1

    best = max(DELIMITER_NAMES, key=fit)
    if fit(best) <= fit(","):
        return None
    return Problem(
        "dialect-error",
        f"The columns are separated by {DELIMITER_NAMES[best]}; commas are expected.",
        "Save the file as “CSV UTF-8 (comma delimited)”, and write numbers with a decimal point.",
        row=1,
        value=shorten(first_line.rstrip("\r\n")),
    )


def _blank_header(text: TextIO) -> Problem:
    if text.read(1_000).strip(" \t\r\n,"):
        return Problem("blank-header", "The first row is empty; it must hold the column names.", TEMPLATE_HINT, row=1)
    return Problem(
        "source-error", "The file holds no text.", "Export the table again and check that the file holds it."
    )


def _too_many_rows(limits: Limits) -> Problem:
    return Problem(
        "row-count",
        f"The file has more than {limits.rows:,} rows.",
        "Split the rows over several datasets.",
        row=limits.rows + 2,
    )


def _tell_ragged(row: int, cells: list[str], labels: list[str], log: ProblemLog) -> None:
    """Log a row of the wrong length; it is put into words only if it will be shown, as a whole file may be ragged."""
    is_long = len(cells) > len(labels)
    code, column = ("extra-cell", None) if is_long else ("missing-cell", shorten(labels[len(cells)]))
    if not log.wants(code, column):
        log.count(code, 1)
        return
    if is_long:
        remedy = "Put values that hold a comma in double quotes, and write numbers with a decimal point."
    else:
        remedy = f"Add the missing cells from “{column}” on, or remove the row; a missing value still needs its comma."
    found = f"The row has {len(cells)} cells; the header has {len(labels)}."
    first_amiss = cells[len(labels)] if is_long else cells[-1]
    log.add(Problem(code, found, remedy, row=row, column=column, value=shorten(first_amiss)))


def _quote_problem(row: int, reason: str) -> Problem:
    if "expected after" in reason:
        message = "A double quote is closed in the middle of a cell, or was left open in this row."
    elif "field larger" in reason:
        message = f"A cell has more than {csv.field_size_limit():,} characters, or a double quote was left open."
    else:
        message = "A double quote is opened in this row and never closed."
    return Problem("dialect-error", message, "Close the quote; inside quotes write each double quote twice.", row=row)
