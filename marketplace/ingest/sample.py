"""What a sample file says about its columns: a schema to begin with. Nothing of its rows is kept.

Guessing happens in a process of its own, bounded in memory and time, for CSV as for Parquet (see ``isolated``).
"""

import csv
import io
import itertools
import json
import math
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from marketplace.ingest.isolated import bound_process, run_child
from marketplace.ingest.limits import Limits
from marketplace.ingest.marks import NUMBERS, decimal_mark, doubt, ungrouped
from marketplace.ingest.problems import Problem, shorten
from marketplace.ingest.reading import DELIMITERS
from marketplace.ingest.schema import Column
from marketplace.ingest.sniff import Format, name_problem, size_of, size_problem, tell_format, text_problem

ROWS_READ_MAX = 20_000
CATEGORIES_MAX = 200
_NUMBER = re.compile(NUMBERS["."])
NUMBER_LIKE = re.compile(r"[+-]?[0-9.,]*[0-9]([eE][+-]?[0-9]+)?")
SEND_AGAIN = "Export the table again as “CSV UTF-8 (comma delimited)” or Parquet, with one row of column names."
Cells = Sequence[str | None]


@dataclass(frozen=True)
class LeftOut:
    """A column of the sample that no model here can use, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Sample:
    """What was read: a guess for each usable column, and the columns that are of no use.

    Attributes:
        columns: Kind, bounds or categories, and whether a cell may be empty, as the sample has them.
        left_out: The others.
        rows: How many rows the guess rests on.
    """

    columns: tuple[Column, ...]
    left_out: tuple[LeftOut, ...]
    rows: int


class SampleProblemError(Exception):
    """The sample cannot be read; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def describe(stream: BinaryIO, *, filename: str, limits: Limits) -> Sample | Problem:
    """Guess the columns of a CSV or Parquet file; no bytes make it raise."""
    for problem in (name_problem(filename, limits), size_problem(size_of(stream), limits)):
        if problem:
            return problem
    found = tell_format(stream, filename)
    if isinstance(found, Problem):
        return found
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        stream.seek(0)
        shutil.copyfileobj(stream, file)
        file.flush()
        if not run_child("marketplace.ingest.sample", {"format": found, "limits": asdict(limits)}, file, answer):
            return Problem("format-error", "The file cannot be read; it is damaged or far too large.", SEND_AGAIN)
        answer.seek(0)
        said = json.load(answer)
    if said["problem"]:
        return Problem(**said["problem"])
    columns = tuple(Column(**column | {"categories": tuple(column["categories"])}) for column in said["columns"])
    return Sample(columns, tuple(LeftOut(**one) for one in said["left_out"]), said["rows"])


def guess(file: BinaryIO, found: Format, limits: Limits) -> Sample:
    """Guess the columns in this process.

    Raises:
        SampleProblemError: The file cannot be read.
    """
    names, columns = _parquet_cells(file) if found == "parquet" else _csv_cells(file)
    _check_names(names, limits)
    if found == "csv":
        _check_marks(columns)
    rows = len(columns[0]) if columns else 0
    if not rows:
        raise SampleProblemError(Problem("row-count", "The file has no row below its column names.", SEND_AGAIN))
    guesses = [_column(name, cells, limits) for name, cells in zip(names, columns, strict=True)]
    usable = tuple(one for one in guesses if isinstance(one, Column))
    return Sample(usable, tuple(one for one in guesses if isinstance(one, LeftOut)), rows)


def _csv_cells(file: BinaryIO) -> tuple[list[str], list[list[str | None]]]:
    if problem := text_problem(file):
        raise SampleProblemError(problem)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    first_line = text.readline()
    text.seek(0)
    delimiter = max(DELIMITERS, key=first_line.count)
    records = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        names = [name.strip() for name in next(records, [])]
        rows = list(itertools.islice(_full_rows(records, names), ROWS_READ_MAX))
    except csv.Error as error:
        raise SampleProblemError(_unreadable(records.line_num, str(error))) from error
    finally:
        text.detach()
    return names, [[ungrouped(cell.strip()) or None for cell in cells] for cells in zip(*rows, strict=True)]


def _full_rows(records: Iterator[list[str]], names: list[str]) -> Iterator[list[str]]:
    for row, cells in enumerate(records, start=2):
        if len(cells) == len(names):
            yield cells
        elif any(cells):
            raise SampleProblemError(
                Problem(
                    "field-count",
                    f"The row has {len(cells)} cells; the header has {len(names)}.",
                    "Put values that hold the separator in double quotes, or send a part of the file that is whole.",
                    row=row,
                )
            )


def _parquet_cells(file: BinaryIO) -> tuple[list[str], list[list[str | None]]]:
    try:
        file.seek(0)
        table = pq.ParquetFile(file, pre_buffer=False)
        batch = next(table.iter_batches(ROWS_READ_MAX, use_threads=False), None)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        message = f"The Parquet file cannot be read: {shorten(error)}"
        raise SampleProblemError(Problem("format-error", message, SEND_AGAIN)) from error
    names = list(table.schema_arrow.names)
    return names, [] if batch is None else [_texts(column) for column in batch.columns]


def _texts(values: pa.Array) -> list[str | None]:
    """Cells as a CSV file would have them; a nested cell reads as its parts, which then no guess fits."""
    cells = values.to_pylist()
    return [None if cell is None or cell != cell else _as_text(cell) for cell in cells]  # noqa: PLR0124 - NaN


def _as_text(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _check_names(names: list[str], limits: Limits) -> None:
    if not any(names):
        raise SampleProblemError(Problem("blank-header", "The first row holds no column names.", SEND_AGAIN, row=1))
    if len(names) > limits.columns:
        message = f"The file has {len(names):,} columns; at most {limits.columns:,} are possible."
        raise SampleProblemError(Problem("field-count", message, "Send only the columns that the model shall use."))
    for position, name in enumerate(names, start=1):
        if not name or len(name) > limits.label_chars or not name.isprintable():
            message = f"Column {position} needs a printable name of 1 to {limits.label_chars} characters."
            remedy = "Name the column, or remove it from the sample."
            raise SampleProblemError(Problem("blank-label", message, remedy, row=1, value=shorten(name)))
    for name, times in Counter(names).items():
        if times > 1:
            message = f"{times} columns have this name."
            raise SampleProblemError(Problem("duplicate-label", message, "Rename all but one.", row=1, column=name))


def _check_marks(columns: Sequence[Cells]) -> None:
    """Refuse numbers that could all be meant a thousand times as large."""
    filled = [[cell for cell in cells if cell is not None] for cells in columns]
    numbers = [cell for cells in filled if all(map(NUMBER_LIKE.fullmatch, cells)) for cell in cells]
    _, doubtful = decimal_mark(numbers)
    if doubtful:
        raise SampleProblemError(doubt(doubtful))


def _column(name: str, cells: Cells, limits: Limits) -> Column | LeftOut:
    filled = [cell for cell in cells if cell is not None]
    required = len(filled) == len(cells)
    if not filled:
        return LeftOut(name, "every cell is empty in the sample")
    if all(_NUMBER.fullmatch(cell) for cell in filled):
        numbers = [float(cell) for cell in filled]
        if all(abs(number) < float("inf") for number in numbers):
            return Column(
                name, "number", required, _outward(min(numbers), math.floor), _outward(max(numbers), math.ceil)
            )
    distinct = sorted(set(filled))
    if len(distinct) > CATEGORIES_MAX or len(distinct) == len(filled) > 2:  # noqa: PLR2004 - a name or a key
        return LeftOut(name, f"{len(distinct):,} different texts, neither numbers nor a list of categories")
    if any(len(text) > limits.cell_chars or not text.isprintable() for text in distinct):
        return LeftOut(name, "texts too long or unprintable for a category")
    return Column(name, "category", required, categories=tuple(distinct))


def _outward(bound: float, rounded: Callable[[float], int]) -> float:
    """Round a bound away from the numbers, to one significant digit: other people's rows reach a little further."""
    if bound == 0 or not math.isfinite(bound):
        return bound
    exponent = math.floor(math.log10(abs(bound)))
    # Through text, so that 0.3 comes out as 0.3 and not as three times a tenth.
    return float(f"{rounded(float(f'{bound:e}'.split('e')[0]))}e{exponent}")


def _unreadable(line: int, reason: str) -> Problem:
    message = f"The text cannot be cut into cells: {reason}."
    return Problem("dialect-error", message, "Close every double quote; inside quotes write it twice.", row=line)


def main() -> None:
    """Be the child: the open file is the descriptor named as the only argument, the task comes on stdin."""
    bound_process()
    task = json.load(sys.stdin)
    said: dict[str, object] = {"problem": None}
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        try:
            said |= asdict(guess(file, task["format"], Limits(**task["limits"])))
        except SampleProblemError as error:
            said["problem"] = asdict(error.problem)
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
