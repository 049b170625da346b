"""A finding of copies as an operator reads it: how sure, how much by chance, and some of the rows side by side."""

import math
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db.models import QuerySet

from marketplace.basics.figures import count, decimals
from marketplace.charts.chart import Chart, Series
from marketplace.models import AuditEvent, CopyFinding
from marketplace.selectors.stored_rows import validation_table, version_table

SAMPLES = 5
# Beyond this, zeros say no more.
LOG10_P_SHOWN = 100
# Of a smaller part of a file nothing is said about the order: what came from a common source keeps that one's.
ORDER_SAID_FROM = 0.5
COLUMNS_NAMED = 3

KINDS = {
    CopyFinding.Kind.EXACT: "equal",
    CopyFinding.Kind.REORDERED: "equal",
    CopyFinding.Kind.ROUNDED: "with rounded numbers",
    CopyFinding.Kind.JITTERED: "with slightly changed numbers",
    CopyFinding.Kind.WITHIN: "repeated within the file",
}

ORDERS = {
    CopyFinding.Kind.EXACT: ", in the same order",
    CopyFinding.Kind.REORDERED: ", in another order",
}


@dataclass(frozen=True)
class Cell:
    """One column of a pair of rows."""

    column: str
    first: str
    second: str

    @property
    def is_same(self) -> bool:
        return self.first == self.second


@dataclass(frozen=True)
class Sample:
    """A pair of rows, numbered from 1 as a person counts them."""

    first_row: int
    second_row: int
    cells: tuple[Cell, ...]

    @property
    def same(self) -> int:
        return sum(cell.is_same for cell in self.cells)


def kind_in_words(finding: CopyFinding) -> str:
    """In which dress the rows were found, and where if not in another seller's file."""
    place = "found among the validation rows: " if finding.is_of_validation else ""
    return f"{place}{_dress_in_words(finding)}"


def _dress_in_words(finding: CopyFinding) -> str:
    """The order is named only where the rows are much of the file."""
    kind = CopyFinding.Kind(finding.kind)
    if kind == CopyFinding.Kind.BUT_ONE:
        place = f"{KINDS[CopyFinding.Kind.WITHIN]}, " if finding.is_within else ""
        return f"{place}equal or nearly so in every column but {_columns_in_words(finding.columns_ignored)}"
    is_much = finding.rows_matched >= ORDER_SAID_FROM * finding.second.rows
    return f"{KINDS[kind]}{ORDERS[kind]}" if kind in ORDERS and is_much else KINDS[kind]


def chance_in_words(finding: CopyFinding) -> str:
    """What innocent files would show, and how unlikely chance is."""
    digits = min(LOG10_P_SHOWN, math.floor(-finding.log10_p_value))
    expected = rows_by_chance(finding)
    return (
        f"From how often these files repeat rows of their own, chance explains {expected}. "
        f"That innocent files share as many has a probability below 1 in 10{_superscript(digits)}{_tried(finding)}."
    )


def _tried(finding: CopyFinding) -> str:
    if finding.kind != CopyFinding.Kind.BUT_ONE:
        return ""
    columns = len(finding.request.schema["columns"])
    return f", although each of the {count(columns)} columns was left out in turn"


def _columns_in_words(names: list[str]) -> str:
    """One column, or the one of several: each pair of rows differs in one."""
    quoted = [f"“{name}”" for name in names[:COLUMNS_NAMED]]
    if len(names) == 1:
        return quoted[0]
    if len(names) > COLUMNS_NAMED:
        quoted.append(f"{count(len(names) - COLUMNS_NAMED)} others")
    return f"one: {', '.join(quoted[:-1])} or {quoted[-1]}"


def chance_chart(finding: CopyFinding) -> Chart:
    """What was found beside what chance explains."""
    matched = f"{count(finding.rows_matched)} row{'s' if finding.rows_matched != 1 else ''}"
    title = f"{matched} alike; chance explains {rows_by_chance(finding)}"
    return Chart(
        kind="bars",
        title=title,
        x_title="",
        y_title="Rows of the later file",
        series=(
            Series(
                "Rows", ("Found", "Explained by chance"), (finding.rows_matched, round(finding.expected_by_chance, 1))
            ),
        ),
        alternative=f"Two bars: {title}.",
    )


def parties_in_words(finding: CopyFinding) -> str:
    """Who must not decide about a finding."""
    return "the buyer or a seller of this request" if finding.is_of_validation else "one of the two sides"


def samples(finding: CopyFinding) -> list[Sample]:
    """Pairs of rows from beginning to end of what was found."""
    pairs = finding.pairs
    shown = min(SAMPLES, len(pairs))
    chosen = [pairs[round(place * (len(pairs) - 1) / max(shown - 1, 1))] for place in range(shown)]
    columns = finding.request.schema["columns"]
    first_table = version_table(finding.first) if finding.first else validation_table(finding.request)
    firsts = _cells(first_table, [first for first, _ in chosen], columns)
    seconds = _cells(version_table(finding.second), [second for _, second in chosen], columns)
    names = [column["name"] for column in columns]
    return [
        Sample(first + 1, second + 1, tuple(map(Cell, names, firsts[place], seconds[place])))
        for place, (first, second) in enumerate(chosen)
    ]


def decisions(finding: CopyFinding) -> QuerySet[AuditEvent]:
    """Who decided what about a finding, oldest first; a dispute and its end are two decisions."""
    return (
        AuditEvent.objects.filter(subject_type=CopyFinding._meta.label, subject_id=str(finding.pk))  # noqa: SLF001
        .filter(action="copies.decided")
        .select_related("actor")
        .order_by("at")
    )


def _cells(table: pa.Table, rows: list[int], columns: list[dict[str, Any]]) -> list[list[str]]:
    taken = table.take(rows)
    by_column = [[_written(cell) for cell in taken.column(column["name"]).to_pylist()] for column in columns]
    return [list(cells) for cells in zip(*by_column, strict=True)]


def _written(cell: float | str | None) -> str:
    if cell is None:
        return "empty"
    return cell if isinstance(cell, str) else f"{cell:.15g}"


def rows_by_chance(finding: CopyFinding) -> str:
    """How many rows the files' own repeats let expect."""
    expected = finding.expected_by_chance
    if expected < 1:
        return "less than 1"
    return f"about {decimals(expected, 0)}"


def _superscript(number: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))
