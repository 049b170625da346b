"""CSV files: rows of text, read as the reading says; unless told, comma separated UTF-8 with one header row."""

import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marketplace.ingest.cells import Faults, check_text
from marketplace.ingest.labels import TEMPLATE_HINT, match_labels, numbered_labels, take_positions
from marketplace.ingest.limits import Limits
from marketplace.ingest.marks import PointsSeen, doubt
from marketplace.ingest.problems import Problem, ProblemLog, shorten
from marketplace.ingest.reading import DELIMITERS, Reading
from marketplace.ingest.schema import Column, TableSchema
from marketplace.ingest.sniff import text_problem

BATCH_CELLS = 200_000
Record = tuple[int, list[str]]


class UnreadableRecordError(Exception):
    """A row cannot be told from the next; ``problem`` says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_csv(
    stream: BinaryIO, schema: TableSchema, limits: Limits, log: ProblemLog, reading: Reading
) -> pa.Table | None:
    """Read and check a CSV file; None when there are problems, which are logged."""
    if problem := text_problem(stream, reading.encoding):
        log.add(problem)
        return None
    if reading.doubtful and not reading.decimal:
        log.add(doubt(reading.doubtful))
        return None
    with decoded(stream, reading) as text:
        try:
            return _read_records(text, schema, limits, log, reading)
        except UnreadableRecordError as error:
            log.add(error.problem)
            return None


@contextmanager
def decoded(stream: BinaryIO, reading: Reading) -> Iterator[TextIO]:
    """Read a stream as text from its start; the stream stays open, it belongs to the caller."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=reading.codec, newline="")
    try:
        yield text
    finally:
        text.detach()


def _read_records(
    text: TextIO, schema: TableSchema, limits: Limits, log: ProblemLog, reading: Reading
) -> pa.Table | None:
    if reading.positions is None and (problem := _delimiter_problem(text.readline(limits.record_chars), schema)):
        log.add(problem)
        return None
    text.seek(0)
    all_records = records(text, limits, reading.delimiter)
    first_row, first = next(all_records, (1, []))
    labels = [label.strip() for label in first] if reading.header else numbered_labels(len(first))
    if not any(cell.strip() for cell in first):
        log.add(_blank_header(text))
        return None
    if not reading.header:
        all_records = itertools.chain([(first_row, first)], all_records)
    positions = (
        match_labels(labels, schema, limits, log)
        if reading.positions is None
        else take_positions(reading.positions, labels, schema, limits, log)
    )
    if not positions:
        return None
    columns = {positions[column.name]: column for column in schema.columns if column.name in positions}
    rows = _data_rows(all_records, labels, limits, log, header_rows=1 if reading.header else 0)
    table = _checked_rows(rows, columns, max(1, BATCH_CELLS // len(labels)), limits, log, reading=reading)
    if not log and table.num_rows == 0:
        log.add(Problem("row-count", "There is no row below the header.", "Add the data rows below the header."))
    return None if log else table


def records(text: TextIO, limits: Limits, delimiter: str = ",") -> Iterator[Record]:
    """Rows of cells with their number; a quoted line break stays inside its row, as a spreadsheet shows it.

    Raises:
        UnreadableRecordError: A row cannot be told from the next.
    """
    lines = _BoundedLines(text, limits)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
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


def _data_rows(
    records: Iterator[Record], labels: list[str], limits: Limits, log: ProblemLog, *, header_rows: int
) -> Iterator[Record]:
    """Rows with the right number of cells; blank rows between them and ragged rows are logged, blank ends are fine."""
    blank: list[int] = []
    for row, cells in records:
        if row > limits.rows + header_rows:
            raise UnreadableRecordError(_too_many_rows(limits, row))
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
    rows: Iterator[Record],
    columns: dict[int, Column],
    batch_rows: int,
    limits: Limits,
    log: ProblemLog,
    *,
    reading: Reading,
) -> pa.Table:
    """Check columns, keyed by position, in batches: text of one batch is in memory, values only while wanted."""
    types = {column.name: pa.float64() if column.kind == "number" else pa.string() for column in columns.values()}
    chunks: dict[str, list[pa.Array]] = {name: [] for name in types}
    points = PointsSeen()
    while batch := list(itertools.islice(rows, batch_rows)):
        numbers = np.fromiter((row for row, _ in batch), dtype=np.int64, count=len(batch))
        by_position = list(zip(*(cells for _, cells in batch), strict=True))
        for position, column in columns.items():
            texts = pa.array(by_position[position], pa.string())
            if column.kind == "number" and not reading.decimal:
                points.see(pc.utf8_trim_whitespace(texts))
            chunks[column.name].append(check_text(texts, Faults(column, numbers, log), limits, reading))
        if log:
            for arrays in chunks.values():
                arrays.clear()
    if points.doubtful and not log:
        log.add(doubt(points.doubtful))
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

    best = max((delimiter for delimiter in DELIMITERS if delimiter != ","), key=fit)
    if fit(best) <= fit(","):
        return None
    return Problem(
        "dialect-error",
        f"The columns are separated by {DELIMITERS[best]}; commas are expected.",
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


def _too_many_rows(limits: Limits, row: int) -> Problem:
    return Problem(
        "row-count",
        f"The file has more than {limits.rows:,} rows.",
        "Split the rows over several datasets.",
        row=row,
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
