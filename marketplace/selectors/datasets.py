"""A seller's datasets and versions as pages show them. Nobody sees a row of data here, only counts and summaries."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from marketplace.models import DatasetVersion, Role, Submission, User
from marketplace.selectors.access import is_operator, organizations_of
from marketplace.templatetags.figures import count, decimals


@dataclass(frozen=True)
class NumberSummary:
    """What a column of numbers holds, its figures written out."""

    name: str
    missing: int
    minimum: str
    mean: str
    maximum: str


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
    """The last version of each of a seller's datasets, newest first, with the ``submitted_number`` or None."""
    last = DatasetVersion.objects.filter(dataset=OuterRef("dataset")).order_by("-number")
    accepted = Submission.objects.filter(dataset=OuterRef("dataset"), state=Submission.State.ACCEPTED)
    return (
        own_versions(user)
        .annotate(
            last_number=Subquery(last.values("number")[:1]),
            submitted_number=Subquery(accepted.values("version__number")[:1]),
        )
        .filter(number=F("last_number"))
        .order_by("-uploaded_at")
    )


def numbers_of(version: DatasetVersion) -> list[NumberSummary]:
    """The profile's columns of numbers."""
    return [
        NumberSummary(
            column["name"], column["missing"], *(_written(column[name]) for name in ("minimum", "mean", "maximum"))
        )
        for column in version.profile["columns"]
        if column["kind"] == "number"
    ]


def categories_of(version: DatasetVersion) -> list[CategorySummary]:
    """The profile's columns of categories."""
    columns = [column for column in version.profile["columns"] if column["kind"] == "category"]
    return [
        CategorySummary(column["name"], column["missing"], _counts(column["counts"], version.rows))
        for column in columns
    ]


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
