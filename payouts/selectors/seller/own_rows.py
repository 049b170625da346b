"""A seller's own rows: how their values spread, which helped and hurt most, and all of them as CSV.

The caller has asked for a settled round's line of the seller's: row by row nothing is shown before a round is posted.
"""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from marketplace.basics.figures import count, decimals
from marketplace.charts.chart import Chart, histogram_series
from marketplace.models import DatasetVersion
from marketplace.selectors.stored_rows import version_table
from payouts.models import PayoutLine
from payouts.selectors.money.renderings import harmless
from valuation.selectors import runs as valuation
from valuation.selectors.units import in_unit, metric_name, unit_of

SHOWN_MAX = 10
# A row as its spreadsheet shows it: the header is row 1.
_FIRST_ROW = 2
CSV_COLUMNS: Final = ("organization", "dataset", "version", "row", "value", "value_without_lambda")


@dataclass(frozen=True)
class Row:
    """One row: which, its value as text in the unit of the metric, and its cells."""

    dataset: str
    number: int
    value: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class OwnRows:
    """All of a seller's rows at a glance, and those that moved the score most either way."""

    chart: Chart
    best: list[Row]
    worst: list[Row]
    several_datasets: bool


def own_rows(line: PayoutLine) -> OwnRows | None:
    """The rows of a line's seller; None where the round valued no rows."""
    table = _values(line)
    if table is None or not table.num_rows:
        return None
    values = table.column("value_without_lambda").to_numpy()
    places = table.column("row").to_numpy()
    order = np.lexsort((places, values))
    worst = [int(at) for at in order[:SHOWN_MAX] if values[at] < 0]
    best = [int(at) for at in order[::-1][:SHOWN_MAX] if values[at] > 0]
    details = _details(table, [*best, *worst], line)
    return OwnRows(
        chart=_histogram(line, values),
        best=details[: len(best)],
        worst=details[len(best) :],
        several_datasets=len(table.column("version_id").unique()) > 1,
    )


def to_csv(lines: Iterable[PayoutLine]) -> bytes | None:
    """The value of each row in the buyer's metric, in the order of the files; None where the round valued no rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    written = 0
    for line in lines:
        table = _values(line)
        if table is None:
            continue
        versions = _versions(table, line)
        table = table.sort_by([("version_id", "ascending"), ("row", "ascending")])
        for row in table.to_pylist():
            version = versions[row["version_id"]]
            name, dataset = harmless(line.organization.name), harmless(version.dataset.name)
            place = row["row"] + _FIRST_ROW
            writer.writerow([name, dataset, version.number, place, row["value"], row["value_without_lambda"]])
            written += 1
    return text.getvalue().encode() if written else None


def _values(line: PayoutLine) -> pa.Table | None:
    run = line.round.run
    return None if run is None else valuation.point_values(run, organization_id=line.organization_id)


def _versions(table: pa.Table, line: PayoutLine) -> dict[str, DatasetVersion]:
    found = DatasetVersion.objects.filter(
        pk__in=table.column("version_id").unique().to_pylist(), dataset__organization_id=line.organization_id
    )
    return {str(version.pk): version for version in found.select_related("dataset")}


def _histogram(line: PayoutLine, values: np.ndarray[Any, np.dtype[np.float64]]) -> Chart:
    metric = line.round.request.metric
    unit = unit_of(metric) or metric_name(metric)
    helped, hurt = int((values > 0).sum()), int((values < 0).sum())
    title = f"{count(helped)} of your {count(len(values))} rows helped, {count(hurt)} hurt"
    return Chart(
        kind="histogram",
        title=title,
        x_title=f"Value of a row, {unit}",
        y_title="Rows",
        series=(histogram_series(line.organization.name, [in_unit(float(value), metric) for value in values]),),
        alternative=f"{title}. How many rows have which value.",
    )


def _details(table: pa.Table, places: Sequence[int], line: PayoutLine) -> list[Row]:
    """The rows at these places with their cells, each file read once."""
    versions = _versions(table, line)
    picked = table.take(pa.array(places, type=pa.int64())).to_pylist()
    wanted = defaultdict(set)
    for row in picked:
        wanted[row["version_id"]].add(row["row"])
    cells = {key: _cells(versions[key], sorted(rows)) for key, rows in wanted.items()}
    metric = line.round.request.metric
    digits = _digits([in_unit(row["value_without_lambda"], metric) for row in picked])
    return [
        Row(
            dataset=str(versions[row["version_id"]]),
            number=row["row"] + _FIRST_ROW,
            value=decimals(in_unit(row["value_without_lambda"], metric), digits),
            cells=cells[row["version_id"]][row["row"]],
        )
        for row in picked
    ]


def _digits(figures: list[float]) -> int:
    """Decimals that show the largest figure by four digits, so that all of a column line up."""
    largest = max((abs(figure) for figure in figures), default=0.0)
    return max(2, 3 - math.floor(math.log10(largest))) if largest else 2


def _cells(version: DatasetVersion, rows: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    taken = version_table(version).take(pa.array(rows, type=pa.int64())).to_pylist()
    return {
        place: [(name, _written(cell)) for name, cell in cells.items()]
        for place, cells in zip(rows, taken, strict=True)
    }


def _written(cell: Any) -> str:
    """Write a cell as it was uploaded: whole numbers without decimals, nothing for an empty one."""
    if cell is None:
        return "empty"
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
