"""A seller's datasets and versions as pages show them. Nobody sees a row of data here, only counts and summaries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from marketplace.basics.figures import count, decimals
from marketplace.models import DatasetVersion, Role, Submission, User
from marketplace.selectors.access import is_operator, organizations_of

# A histogram's drawing. Over a range asked for that is wider than this many times the column's own, nothing would show.
WIDTH, HEIGHT, GAP, MARK_MIN = 160, 36, 0.8, 0.5
WANTED_SPANS_MAX = 8


@dataclass(frozen=True)
class Bar:
    """One bin of a histogram, in the units of its drawing (``WIDTH`` by ``HEIGHT``)."""

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class NumberSummary:
    """What a column of numbers holds, its figures written out, beside what is asked for.

    Attributes:
        asked: The range asked for in words, empty where any number is.
        bars: The histogram over the range asked for, or over the column's own where that one is much wider or open.
        finding: The histogram in words.
    """

    name: str
    missing: int
    minimum: str
    mean: str
    maximum: str
    asked: str
    bars: tuple[Bar, ...]
    finding: str


@dataclass(frozen=True)
class CategoryCount:
    """How many rows hold a category, and as a fraction of all rows."""

    category: str
    rows: int
    fraction: float


@dataclass(frozen=True)
class CategorySummary:
    """What a column of categories holds."""

    name: str
    missing: int
    counts: list[CategoryCount]


def visible_versions(user: User) -> QuerySet[DatasetVersion]:
    """Versions whose page a person may open: sellers those of their organisations, operators all."""
    versions = DatasetVersion.objects.select_related("dataset__organization", "dataset__request", "uploaded_by")
    if is_operator(user):
        return versions
    return versions.filter(dataset__organization__in=organizations_of(user, Role.SELLER))


def own_versions(user: User) -> QuerySet[DatasetVersion]:
    """Versions that a person may submit or withdraw."""
    return visible_versions(user).filter(dataset__organization__in=organizations_of(user, Role.SELLER))


def latest_versions(user: User) -> QuerySet[DatasetVersion]:
    """The last version of each of a seller's datasets, newest first.

    Each carries the ``submitted_number`` or None, and ``was_withdrawn`` where it had been submitted itself.
    """
    last = DatasetVersion.objects.filter(dataset=OuterRef("dataset")).order_by("-number")
    accepted = Submission.objects.filter(dataset=OuterRef("dataset"), state=Submission.State.ACCEPTED)
    return (
        own_versions(user)
        .annotate(
            last_number=Subquery(last.values("number")[:1]),
            submitted_number=Subquery(accepted.values("version__number")[:1]),
            was_withdrawn=Exists(Submission.objects.filter(version=OuterRef("pk"), state=Submission.State.WITHDRAWN)),
        )
        .filter(number=F("last_number"))
        .order_by("-uploaded_at")
    )


def numbers_of(profile: Mapping[str, Any], schema: Mapping[str, Any]) -> list[NumberSummary]:
    """A profile's columns of numbers beside the schema's."""
    asked = {column["name"]: column for column in schema["columns"]}
    return [_number(column, asked[column["name"]]) for column in profile["columns"] if column["kind"] == "number"]


def categories_of(profile: Mapping[str, Any]) -> list[CategorySummary]:
    """A profile's columns of categories."""
    columns = [column for column in profile["columns"] if column["kind"] == "category"]
    return [
        CategorySummary(column["name"], column["missing"], _counts(column["counts"], profile["rows"]))
        for column in columns
    ]


def _number(column: Mapping[str, Any], asked: Mapping[str, Any]) -> NumberSummary:
    counts = column.get("histogram") or []
    return NumberSummary(
        column["name"],
        column["missing"],
        _written(column["minimum"]),
        _written(column["mean"]),
        _written(column["maximum"]),
        asked=range_in_words(asked.get("minimum"), asked.get("maximum")),
        bars=_bars(counts, column, asked),
        finding=_finding(counts, column),
    )


def range_in_words(minimum: float | None, maximum: float | None) -> str:
    """A range as a phrase; empty where there is none."""
    low, high = _written(minimum), _written(maximum)
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more" if low else high and f"{high} or less"


def _bars(counts: list[int], column: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[Bar, ...]:
    if not counts:
        return ()
    low, high = column["minimum"], column["maximum"]
    # Halves, because the span of two very large numbers overflows.
    span = (high / 2 - low / 2) or 0.5
    origin, scale = low, span
    if asked.get("minimum") is not None and asked.get("maximum") is not None:
        wanted = asked["maximum"] / 2 - asked["minimum"] / 2
        if 0 < wanted <= WANTED_SPANS_MAX * span:
            origin, scale = asked["minimum"], wanted
    start = (low / 2 - origin / 2) / scale * WIDTH
    width, tallest = span / scale * WIDTH / len(counts), max(counts)
    return tuple(
        Bar(
            x=f"{start + at * width:.2f}",
            y=f"{HEIGHT * (1 - rows / tallest):.2f}",
            width=f"{max(width - GAP, MARK_MIN):.2f}",
            height=f"{HEIGHT * rows / tallest:.2f}",
        )
        for at, rows in enumerate(counts)
        if rows
    )


def _finding(counts: list[int], column: Mapping[str, Any]) -> str:
    if not counts:
        return ""
    low, high = column["minimum"], column["maximum"]
    if low == high:
        return f"every row holds {_written(low)}"
    at, step = counts.index(max(counts)), high / len(counts) - low / len(counts)
    return f"most rows from {_written(low + at * step)} to {_written(low + (at + 1) * step)}"


def _counts(counts: dict[str, Any], rows_in_all: int) -> list[CategoryCount]:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [CategoryCount(category, rows, rows / rows_in_all) for category, rows in ordered]


def _written(number: float | None) -> str:
    """Write whole numbers without decimals, and small ones with enough of them to say something."""
    if number is None:
        return ""
    if float(number).is_integer():
        return count(int(number))
    return decimals(number, 2 if abs(number) >= 1 else 4)
