"""How a file seems to be read: its format, encoding, separator, decimal mark, and which column is which.

A guess never refuses what a seller could set right on the page; it refuses what no option makes readable.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from marketplace.ingest.limits import Limits
from marketplace.ingest.marks import decimal_mark
from marketplace.ingest.preview import Preview, preview
from marketplace.ingest.problems import Problem
from marketplace.ingest.reading import DELIMITERS, ENCODINGS, Reading, folded_name, match_names
from marketplace.ingest.schema import TableSchema
from marketplace.ingest.sniff import Format, name_problem, size_of, size_problem, tell_format, text_problem

SAMPLE_CHARS = 20_000
GUESSED_ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso-8859-1")


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    Attributes:
        format: What kind of file.
        reading: How to read it, with the columns that match by name.
        is_certain: Nothing was guessed: the usual CSV or a Parquet file, with exactly the columns asked for.
        is_plain: Nothing but the columns needs a look.
    """

    format: Format
    reading: Reading
    is_certain: bool
    is_plain: bool


def guess(stream: BinaryIO, *, filename: str, schema: TableSchema, limits: Limits) -> Guess | Problem:
    """Guess how to read a file, or say why nothing makes it readable."""
    for problem in (name_problem(filename, limits), size_problem(size_of(stream), limits)):
        if problem:
            return problem
    format_ = tell_format(stream, filename)
    if isinstance(format_, Problem):
        return format_
    reading = _csv_reading(stream, schema) if format_ == "csv" else Reading()
    if isinstance(reading, Problem):
        return reading
    seen = preview(stream, format_=format_, reading=reading, limits=limits)
    if isinstance(seen, Problem):
        return seen
    return match(seen, format_=format_, reading=reading, schema=schema)


def match(seen: Preview, *, format_: Format, reading: Reading, schema: TableSchema) -> Guess:
    """Match a previewed file's columns to the schema by name."""
    is_plain = format_ == "parquet" or reading == Reading()
    has_exactly_these = Counter(seen.labels) == Counter(schema.names)
    matched = replace(reading, labels=seen.labels, positions=match_names(seen.labels, schema))
    return Guess(format_, matched, is_certain=is_plain and has_exactly_these, is_plain=is_plain)


def _csv_reading(stream: BinaryIO, schema: TableSchema) -> Reading | Problem:
    first_problem = None
    for encoding in GUESSED_ENCODINGS:
        problem = text_problem(stream, encoding)
        if problem is None:
            return _reading_of(_sample(stream, Reading(encoding=encoding)), encoding, schema)
        if problem.code != "encoding-error":
            return problem
        first_problem = first_problem or problem
    return first_problem or Problem("encoding-error", "The text cannot be read.", f"Use {ENCODINGS['utf-8']}.")


def _sample(stream: BinaryIO, reading: Reading) -> str:
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=reading.codec, newline="")
    try:
        return text.read(SAMPLE_CHARS)
    finally:
        text.detach()


def _reading_of(sample: str, encoding: str, schema: TableSchema) -> Reading:
    delimiter = max(DELIMITERS, key=lambda candidate: _fit(sample, candidate, schema))
    rows = _cells(sample, delimiter)
    cells = (cell for row in rows[1:] for cell in row)
    mark, doubtful = decimal_mark(cells, possible="." if delimiter == "," else ".,")
    return Reading(
        delimiter=delimiter,
        encoding=encoding,
        header=_has_header(rows, schema),
        decimal=mark.strip("."),  # a point need not be said
        doubtful=doubtful,
    )


def _fit(sample: str, delimiter: str, schema: TableSchema) -> tuple[int, float, bool]:
    """How well a separator explains the sample: names found, rows alike in length; else the comma."""
    rows = _cells(sample, delimiter)
    if not rows or len(rows[0]) < 2:  # noqa: PLR2004 - what leaves one column separates nothing
        return 0, 0.0, delimiter == ","
    names = {folded_name(name) for name in schema.names}
    known = len(names.intersection(folded_name(cell) for cell in rows[0]))
    return known, sum(len(row) == len(rows[0]) for row in rows) / len(rows), delimiter == ","


def _cells(sample: str, delimiter: str) -> list[list[str]]:
    """Rows of the sample; its last line may be cut and is left out where there are others."""
    lines = io.StringIO(sample).readlines()
    reader = csv.reader(lines[:-1] or lines, delimiter=delimiter, skipinitialspace=True)
    rows: list[list[str]] = []
    with suppress(csv.Error):  # what comes before an unreadable row is sample enough
        rows.extend(row for row in reader if row)
    return rows


def _has_header(rows: Sequence[Sequence[str]], schema: TableSchema) -> bool:
    """Take the first row for names, unless it holds numbers and nothing that is asked for."""
    if not rows:
        return True
    names = {folded_name(name) for name in schema.names}
    if any(folded_name(cell) in names for cell in rows[0]):
        return True
    return not any(re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", cell.strip()) for cell in rows[0])
