"""The columns a buyer asks for."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from marketplace.ingest.limits import Limits

Kind = Literal["number", "category"]
TARGET_KINDS: Mapping[str, Kind] = {"classification": "category", "regression": "number"}
FORMULA_SIGNS = ("=", "+", "-", "@")
COLUMN_KEYS = {"name", "kind", "required", "minimum", "maximum", "categories"}


class SchemaError(ValueError):
    """A request's schema cannot be used; ``faults`` says why, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Column:
    """One column: a number with optional bounds, or a category out of a fixed list."""

    name: str
    kind: Kind
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table, in order."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @classmethod
    def from_json(cls, data: Any) -> "TableSchema":
        """Read and check the JSON form; every fault is told at once.

        Raises:
            SchemaError: The JSON is not a usable schema.
        """
        columns = data.get("columns") if isinstance(data, Mapping) else None
        if not isinstance(columns, list) or not columns:
            raise SchemaError(['The schema must be an object with a non-empty list "columns".'])
        faults = [fault for position, column in enumerate(columns, 1) for fault in _column_faults(column, position)]
        if not faults:
            faults = _table_faults([column["name"] for column in columns])
        if faults:
            raise SchemaError(faults)
        return cls(tuple(_column(column) for column in columns))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, every key written out."""
        return {"columns": [{**asdict(column), "categories": list(column.categories)} for column in self.columns]}

    def check_target(self, *, target: str, task: str) -> None:
        """Check that the target is a column of the kind that the task predicts.

        Raises:
            SchemaError: It is not.
        """
        if task not in TARGET_KINDS:
            raise SchemaError([f"The task must be classification or regression, not {task!r}."])
        if target not in self.names:
            raise SchemaError([f"The target {target!r} is not one of the columns."])
        column = self.column(target)
        if column.kind != TARGET_KINDS[task]:
            raise SchemaError(
                [f"The target of a {task} must be a {TARGET_KINDS[task]}; {target!r} is a {column.kind}."]
            )
        if not column.required:
            raise SchemaError([f"The target {target!r} must be required: a row without it teaches nothing."])
        if column.kind == "category" and len(column.categories) < 2:  # noqa: PLR2004
            raise SchemaError([f"The target {target!r} needs at least two categories."])


def _column(data: Mapping[str, Any]) -> Column:
    bounds = {key: float(data[key]) for key in ("minimum", "maximum") if data.get(key) is not None}
    categories = tuple(data.get("categories") or ())
    return Column(data["name"], data["kind"], data.get("required", True), **bounds, categories=categories)


def _table_faults(names: list[str]) -> list[str]:
    faults = [f"The column {name!r} is declared {times} times." for name, times in Counter(names).items() if times > 1]
    if len(names) > Limits.columns:
        faults.append(f"There are {len(names):,} columns; at most {Limits.columns:,} are possible.")
    return faults


def _column_faults(data: Any, position: int) -> list[str]:
    if not isinstance(data, Mapping) or not _is_label(data.get("name"), Limits.label_chars):
        return [
            f"Column {position} needs a printable name of 1 to {Limits.label_chars} characters, without outer spaces."
        ]
    name = data["name"]
    faults = [f"Column {name!r}: {key!r} is unknown." for key in data if key not in COLUMN_KEYS]
    if name.startswith(FORMULA_SIGNS):
        # Sellers open the request's template file in a spreadsheet, which would run such a name.
        faults.append(f"Column {name!r}: a name must not begin with one of {' '.join(FORMULA_SIGNS)}")
    if data.get("kind") not in TARGET_KINDS.values():
        return [*faults, f"Column {name!r}: the kind must be number or category, not {data.get('kind')!r}."]
    if not isinstance(data.get("required", True), bool):
        faults.append(f"Column {name!r}: required must be true or false.")
    return faults + (_number_faults(data) if data["kind"] == "number" else _category_faults(data))


def _number_faults(data: Mapping[str, Any]) -> list[str]:
    name = data["name"]
    bounds = {key: data[key] for key in ("minimum", "maximum") if data.get(key) is not None}
    faults = [
        f"Column {name!r}: {key} must be a finite number." for key, value in bounds.items() if not _is_finite(value)
    ]
    if not faults and len(bounds) == 2 and bounds["minimum"] > bounds["maximum"]:  # noqa: PLR2004
        faults.append(f"Column {name!r}: the minimum is above the maximum.")
    if data.get("categories"):
        faults.append(f"Column {name!r}: a number has no categories.")
    return faults


def _category_faults(data: Mapping[str, Any]) -> list[str]:
    name, categories = data["name"], data.get("categories")
    if not isinstance(categories, list) or not categories:
        return [f"Column {name!r}: a category needs its list of categories."]
    if not all(_is_label(category, Limits.cell_chars) for category in categories):
        return [f"Column {name!r}: every category must be printable text without outer spaces."]
    faults = [
        f"Column {name!r}: the category {category!r} is listed {times} times."
        for category, times in Counter(categories).items()
        if times > 1
    ]
    if data.get("minimum") is not None or data.get("maximum") is not None:
        faults.append(f"Column {name!r}: a category has no minimum or maximum.")
    return faults


def _is_label(value: Any, chars_max: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= chars_max and value.isprintable() and value == value.strip()


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
