"""Reading what sellers upload: a file and a schema become a normalised table and its profile, or a list of problems.

No web framework in here and no storage: bytes in, result out, and no bytes make it raise.
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from marketplace.ingest.csv_table import read_csv
from marketplace.ingest.guess import Guess, guess, match
from marketplace.ingest.isolated import read_parquet_isolated
from marketplace.ingest.limits import Limits
from marketplace.ingest.preview import Preview, preview
from marketplace.ingest.problems import Problem, ProblemLog
from marketplace.ingest.profile import profile
from marketplace.ingest.reading import Reading, ReadingError
from marketplace.ingest.schema import Column, SchemaError, TableSchema
from marketplace.ingest.sniff import Format, name_problem, size_of, size_problem, tell_format

__all__ = [
    "Checked",
    "Column",
    "Format",
    "Guess",
    "Limits",
    "Preview",
    "Problem",
    "Reading",
    "ReadingError",
    "Refused",
    "SchemaError",
    "TableSchema",
    "check",
    "guess",
    "match",
    "preview",
]


@dataclass(frozen=True)
class Checked:
    """A file without problems.

    Attributes:
        format: What the file is.
        table: Columns in schema order; a number is float64, a category is string, null where a cell is empty.
        profile: Summary of the columns, as JSON.
    """

    format: Format
    table: pa.Table
    profile: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """A file with problems.

    Attributes:
        problems: The first of them, in reading order.
        counts: How many there are of each code, shown or not.
    """

    problems: tuple[Problem, ...]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many problems there are, shown or not."""
        return sum(self.counts.values())


def check(
    stream: BinaryIO,
    *,
    filename: str,
    schema: TableSchema,
    limits: Limits | None = None,
    reading: Reading | None = None,
) -> Checked | Refused:
    """Check one uploaded file against a schema.

    Args:
        stream: Seekable bytes of the file; left open, at an arbitrary position.
        filename: Name under which it was uploaded.
        schema: Columns that the request asks for.
        limits: Upper bounds; the defaults of ``Limits`` when None.
        reading: How to read it; as UTF-8 CSV or Parquet with exactly the columns asked for when None.
    """
    limits, log = limits or Limits(), ProblemLog()
    table = _read(stream, filename, schema, limits, log, reading=reading or Reading())
    if isinstance(table, Checked):
        return table
    return Refused(log.in_reading_order(), dict(log.counts))


def _read(
    stream: BinaryIO, filename: str, schema: TableSchema, limits: Limits, log: ProblemLog, *, reading: Reading
) -> Checked | None:
    for problem in (name_problem(filename, limits), size_problem(size_of(stream), limits)):
        if problem:
            log.add(problem)
            return None
    found = tell_format(stream, filename)
    if isinstance(found, Problem):
        log.add(found)
        return None
    read = read_csv if found == "csv" else read_parquet_isolated
    table = read(stream, schema, limits, log, reading)
    if table is None:
        return None
    whole = _with_all_columns(table, schema)
    return Checked(found, whole, profile(whole, schema))


def _with_all_columns(table: pa.Table, schema: TableSchema) -> pa.Table:
    """Add the columns that the file does not have and need not have, empty, and bring all into the schema's order."""
    types = {column.name: pa.float64() if column.kind == "number" else pa.string() for column in schema.columns}
    return pa.table(
        {
            name: table.column(name) if name in table.column_names else pa.nulls(table.num_rows, kind)
            for name, kind in types.items()
        }
    )
