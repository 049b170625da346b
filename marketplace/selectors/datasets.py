"""A seller's datasets and versions as pages show them. Nobody sees a row of data here, only counts and summaries."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from marketplace.models import DatasetVersion, Role, Submission, User
from marketplace.selectors.access import is_operator, organizations_of


@dataclass(frozen=True)
class NumberSummary:
    """What a column of numbers holds."""

    name: str
    missing: int
    minimum: float | None
    mean: float | None
    maximum: float | None


@dataclass(frozen=True)
class CategoryCount:
    """How many rows hold a category, and as a fraction of the most frequent one."""

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
        NumberSummary(column["name"], column["missing"], column["minimum"], column["mean"], column["maximum"])
        for column in version.profile["columns"]
        if column["kind"] == "number"
    ]


def categories_of(version: DatasetVersion) -> list[CategorySummary]:
    """The profile's columns of categories."""
    columns = [column for column in version.profile["columns"] if column["kind"] == "category"]
    return [CategorySummary(column["name"], column["missing"], _counts(column["counts"])) for column in columns]


def _counts(counts: dict[str, Any]) -> list[CategoryCount]:
    most = max(counts.values()) or 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [CategoryCount(category, rows, rows / most) for category, rows in ordered]
