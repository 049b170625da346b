"""Cells of one column, checked a batch at a time and turned into float64 or text.

What is wrong is logged; the value in question becomes null in the result, which is then not used.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marketplace.ingest.labels import nearest
from marketplace.ingest.limits import Limits
from marketplace.ingest.marks import NUMBERS, one_group, ungrouped_cells
from marketplace.ingest.problems import Problem, ProblemLog, listed, shorten
from marketplace.ingest.reading import Reading, folded_categories, folded_category
from marketplace.ingest.schema import Column

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
NOT_FINITE = {"inf", "infinity", "nan"}
MISSING_WORDS = {"na", "n/a", "null", "none", "nil", "?", "-", "--", ".", "missing", "unknown"}
Advice = tuple[str, str]


@dataclass(frozen=True)
class Faults:
    """Where the faults of one batch of one column are told.

    Attributes:
        column: The column that the cells belong to.
        rows: Row of each cell as a spreadsheet shows it, int64, as long as the batch.
        log: Takes the problems.
    """

    column: Column
    rows: np.ndarray
    log: ProblemLog

    def tell(self, code: str, mask: pa.Array, cells: pa.Array, advise: Callable[[str], Advice]) -> None:
        """Log one problem for each true cell of the mask; only those that will be shown are put into words."""
        faulty = np.flatnonzero(pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False))
        for told, position in enumerate(faulty):
            if not self.log.wants(code, self.column.name):
                self.log.count(code, len(faulty) - told)
                return
            value: Any = cells[int(position)].as_py()
            message, remedy = advise("" if value is None else str(value))
            shown = None if value is None else shorten(value)
            self.log.add(Problem(code, message, remedy, int(self.rows[position]), self.column.name, shown))


def check_text(texts: pa.Array, faults: Faults, limits: Limits, reading: Reading) -> pa.Array:
    """Check cells that came as text; outer spaces are dropped, an empty cell is a missing value."""
    trimmed = pc.utf8_trim_whitespace(texts)
    cells = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    _tell_empty(cells, faults)
    too_long = pc.greater(pc.utf8_length(cells), limits.cell_chars)
    faults.tell("length-constraint", too_long, cells, lambda _: _too_long(limits))
    cells = _without(cells, too_long)
    if faults.column.kind == "category":
        if faults.column.name in reading.relaxed:
            cells = _as_spelled(cells, faults.column)
        return _known_categories(cells, faults)
    return _parsed_numbers(ungrouped_cells(cells), faults, reading.mark)


def check_numbers(values: pa.Array, faults: Faults) -> pa.Array:
    """Check cells that came as numbers (Parquet)."""
    numbers = pc.cast(values, pa.float64(), safe=False)
    _tell_empty(numbers, faults)
    return _in_range(numbers, numbers, faults)


def _parsed_numbers(cells: pa.Array, faults: Faults, decimal: str) -> pa.Array:
    malformed = pc.invert(pc.match_substring_regex(cells, NUMBERS[decimal]))
    faults.tell("type-error", malformed, cells, lambda text: _not_a_number(text, faults.column, decimal))
    written = _without(cells, malformed)
    numbers = pc.cast(pc.replace_substring(written, ",", ".") if decimal == "," else written, pa.float64())
    return _in_range(numbers, cells, faults)


def _in_range(numbers: pa.Array, cells: pa.Array, faults: Faults) -> pa.Array:
    column = faults.column
    not_finite = pc.invert(pc.is_finite(numbers))
    faults.tell("type-error", not_finite, cells, lambda text: _not_finite(text, column))
    numbers = _without(numbers, not_finite)
    for bound, is_outside in ((column.minimum, pc.less), (column.maximum, pc.greater)):
        if bound is not None:
            faults.tell("range-constraint", is_outside(numbers, bound), cells, lambda text: _out_of_range(text, column))
    return numbers


def _known_categories(cells: pa.Array, faults: Faults) -> pa.Array:
    known = pc.is_in(cells, value_set=pa.array(faults.column.categories, pa.string()))
    unknown = pc.and_(pc.invert(known), pc.is_valid(cells))
    faults.tell("enum-constraint", unknown, cells, lambda text: _unknown_category(text, faults.column))
    return cells


def _as_spelled(cells: pa.Array, column: Column) -> pa.Array:
    """Give values that differ from a category only by case and spaces its spelling."""
    spelling = folded_categories(column.categories)
    words = cells.dictionary_encode()
    spelled = [
        word if word in column.categories else spelling.get(folded_category(word), word)
        for word in words.dictionary.to_pylist()
    ]
    return pa.array(spelled, pa.string()).take(words.indices)


def _tell_empty(cells: pa.Array, faults: Faults) -> None:
    if faults.column.required and cells.null_count:
        advice = ("The cell is empty; this column must be filled.", "Fill the cell, or remove the row.")
        faults.tell("required-constraint", pc.is_null(cells), cells, lambda _: advice)


def _without(cells: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(mask, fill_value=False), pa.scalar(None, cells.type), cells)


def plain(number: float) -> str:
    """Write a bound as a person would: 120 and not 120.0."""
    return f"{number:.15g}"


def _too_long(limits: Limits) -> Advice:
    return (
        f"The cell has more than {limits.cell_chars:,} characters.",
        "Shorten the value. A double quote left open may have swallowed the cells that follow.",
    )


def _not_a_number(text: str, column: Column, decimal: str) -> Advice:
    shown, word = shorten(text), text.strip("+-").lower()
    if word in NOT_FINITE:
        return _not_finite(text, column)
    if text.lower() in MISSING_WORDS:
        return f"“{shown}” is not a number.", _if_unknown(column)
    if decimal == ",":
        return (
            f"“{shown}” is not a number with a decimal comma.",
            "Write digits with a decimal comma, such as 12,5, without units or separators; or read a point in step 2.",
        )
    if THOUSANDS.fullmatch(text):
        plain_text = shorten(text.replace(",", ""))
        remedy = f"Write {plain_text}, without separators."
        if one_group(text):
            remedy += f" If the comma is a decimal mark, write {shorten(text.replace(',', '.'))}."
        return f"“{shown}” holds commas; a plain number is expected.", remedy
    if DECIMAL_COMMA.fullmatch(text):
        return f"“{shown}” has a decimal comma.", f"Write {shorten(text.replace(',', '.'))}, with a decimal point."
    return (
        f"“{shown}” is not a number.",
        "Write digits with a decimal point, such as 12.5, without units or separators.",
    )


def _not_finite(text: str, column: Column) -> Advice:
    return f"“{shorten(text)}” is not a finite number.", _if_unknown(column)


def _if_unknown(column: Column) -> str:
    if column.required:
        return "Give the number, or remove the row: this column must be filled."
    return "Give the number, or leave the cell empty where it is unknown."


def _out_of_range(text: str, column: Column) -> Advice:
    if column.minimum is None:
        expected = f"at most {plain(column.maximum or 0)}"
    elif column.maximum is None:
        expected = f"at least {plain(column.minimum)}"
    else:
        expected = f"from {plain(column.minimum)} to {plain(column.maximum)}"
    return (
        f"{shorten(text)} is out of range; a number {expected} is expected.",
        "Correct the number, or remove the row.",
    )


def _unknown_category(text: str, column: Column) -> Advice:
    near = nearest(text, column.categories)
    guess = f"Perhaps “{shorten(near)}” is meant. " if near else ""
    return f"“{shorten(text)}” is not one of the categories.", f"{guess}Allowed: {listed(column.categories)}."
