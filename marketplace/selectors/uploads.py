"""Uploads on their way, as their pages show them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from marketplace.ingest import Column, Problem, Reading, TableSchema
from marketplace.ingest.problems import KINDS, shorten
from marketplace.ingest.reading import DECIMALS, DELIMITERS, ENCODINGS, folded_categories, folded_category
from marketplace.models import DatasetVersion, Role, UploadDraft, User
from marketplace.selectors.access import organizations_of

EXAMPLES = 3


@dataclass(frozen=True)
class Step:
    """One step of an upload: its words, the page behind it, and where the upload stands."""

    number: int
    words: str
    page: str
    is_reached: bool
    is_current: bool


@dataclass(frozen=True)
class KindChange:
    """How many problems of one kind there were and are."""

    words: str
    before: int
    now: int


@dataclass(frozen=True)
class Change:
    """What a file mends of the one before it.

    Attributes:
        before: Name of the file or version that is compared with.
        kinds: Kinds of problems in either, with their counts.
        new: Problems shown now and not before.
        mended, left: How many of the problems shown before are gone, and still there.
        rows_before, rows_now: Rows of each, where it could be read whole.
    """

    before: str
    kinds: tuple[KindChange, ...]
    new: tuple[Problem, ...]
    mended: int
    left: int
    rows_before: int | None
    rows_now: int | None


@dataclass(frozen=True)
class Relaxable:
    """A column whose unknown values are categories but for case and spaces, and what they would be read as."""

    name: str
    pairs: tuple[tuple[str, str], ...]


def own_drafts(user: User) -> QuerySet[UploadDraft]:
    """The open uploads that a person may go on with."""
    return UploadDraft.objects.filter(
        organization__in=organizations_of(user, Role.SELLER), state__in=UploadDraft.OPEN_STATES
    ).select_related("request", "organization")


def entered_version(user: User, draft_id: UUID) -> UUID | None:
    """The version that an upload of the person's organisations became."""
    entered = UploadDraft.objects.filter(
        pk=draft_id, organization__in=organizations_of(user, Role.SELLER), state=UploadDraft.State.ENTERED
    )
    return entered.values_list("version_id", flat=True).first()


def same_file(draft: UploadDraft) -> DatasetVersion | None:
    """A version of these bytes that the seller has brought to the request under another name."""
    same = DatasetVersion.objects.filter(
        dataset__request=draft.request, dataset__organization=draft.organization, sha256=draft.sha256
    )
    return same.exclude(dataset__name=draft.dataset_name).select_related("dataset").order_by("uploaded_at").first()


def version_before(draft: UploadDraft) -> DatasetVersion | None:
    """The last version of the dataset that the upload would follow."""
    versions = DatasetVersion.objects.filter(
        dataset__request=draft.request, dataset__organization=draft.organization, dataset__name=draft.dataset_name
    )
    return versions.select_related("dataset").order_by("-number").first()


def steps_of(draft: UploadDraft | None, current: int) -> list[Step]:
    """The five steps; those behind can be opened again, the file itself only by another upload."""
    reached = {None: 1, "reading": 2, "matching": 3, "checked": 4}[draft.state if draft else None]
    if draft is not None and (draft.findings or {}).get("profile"):
        reached = 5
    words = (
        ("Choose the file", ""),
        ("How we read it", "marketplace:upload_reading"),
        ("Match the columns", "marketplace:upload_columns"),
        ("Problems and profile", "marketplace:upload_check"),
        ("Submit", ""),
    )
    return [
        Step(number, name, page, is_reached=number <= reached, is_current=number == current)
        for number, (name, page) in enumerate(words, start=1)
    ]


def problems_of(findings: Mapping[str, Any] | None) -> list[Problem]:
    """The problems that were kept to be shown."""
    return [Problem(**problem) for problem in findings["problems"]] if findings else []


def kinds_of(findings: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many problems there are of each kind, in words."""
    return [(KINDS[code], times) for code, times in findings["counts"].items()]


def reading_in_words(data: Mapping[str, Any], *, is_csv: bool) -> str:
    """How a file is read, as one phrase; empty where nothing was kept of it."""
    if not data or not is_csv:
        return "Parquet" if data else ""
    reading = Reading.from_json(data)
    header = "names in the first row" if reading.header else "no row of names"
    return (
        f"CSV, columns separated by {DELIMITERS[reading.delimiter]}, {ENCODINGS[reading.encoding]}, {header}, "
        f"decimal mark {'to be chosen' if reading.doubtful and not reading.decimal else DECIMALS[reading.mark]}"
    )


def left_out(reading: Reading) -> list[str]:
    """Columns of the file that nothing asks for."""
    taken = set((reading.positions or {}).values())
    return [shorten(label) or f"column {at + 1}" for at, label in enumerate(reading.labels) if at not in taken]


def not_found(reading: Reading, schema: TableSchema) -> list[str]:
    """Columns that must be there and that no column of the file is matched to."""
    found = reading.positions or {}
    return [column.name for column in schema.columns if column.required and found.get(column.name) is None]


def renamed(reading: Reading) -> list[tuple[str, str]]:
    """Columns read from one of another name, as (name in the file, name asked for)."""
    taken = sorted((at, name) for name, at in (reading.positions or {}).items() if at is not None)
    found = [(shorten(reading.labels[at]), name) for at, name in taken]
    return [(label, name) for label, name in found if label != name]


def relaxable(draft: UploadDraft) -> list[Relaxable]:
    """Where reading categories whatever their case and spaces would mend problems."""
    schema, pairs = TableSchema.from_json(draft.request.schema), dict[str, dict[str, str]]()
    for problem in problems_of(draft.findings):
        if problem.code == "enum-constraint" and problem.column in schema.names and problem.value is not None:
            meant = folded_categories(schema.column(problem.column).categories).get(folded_category(problem.value))
            if meant is not None:
                pairs.setdefault(problem.column, {})[problem.value] = meant
    return [Relaxable(name, tuple(found.items())) for name, found in pairs.items()]


def change_of(draft: UploadDraft) -> Change | None:
    """What the file mends of the one before it; rows move when some are removed, so problems are told by content."""
    before, now = draft.before, draft.findings
    if before is None or now is None:
        return None
    old, new = (Counter(_content(problem) for problem in problems_of(found)) for found in (before, now))
    codes = [code for code in KINDS if before["counts"].get(code) or now["counts"].get(code)]
    unseen, added = Counter(old), []
    for problem in problems_of(now):
        if unseen[_content(problem)] > 0:
            unseen[_content(problem)] -= 1
        else:
            added.append(problem)
    return Change(
        before=before["name"],
        kinds=tuple(KindChange(KINDS[c], before["counts"].get(c, 0), now["counts"].get(c, 0)) for c in codes),
        new=tuple(added),
        mended=(old - new).total(),
        left=(old & new).total(),
        rows_before=before["profile"] and before["profile"]["rows"],
        rows_now=now["profile"] and now["profile"]["rows"],
    )


def _content(problem: Problem) -> tuple[str, str | None, str | None]:
    return problem.code, problem.column, problem.value


def example_rows(schema: Mapping[str, Any]) -> list[list[str]]:
    """Rows that a request would take, made up from its columns; optional cells are empty in the last."""
    columns = TableSchema.from_json(schema).columns
    return [
        ["" if at == EXAMPLES - 1 and not column.required else _example(column, at) for column in columns]
        for at in range(EXAMPLES)
    ]


def _example(column: Column, at: int) -> str:
    if column.kind == "category":
        return column.categories[at % len(column.categories)]
    low, high = column.minimum, column.maximum
    if low is None:
        low = 0.0 if high is None else high - 10
    if high is None:
        high = low + 10
    exact = low + (high / (EXAMPLES + 1) - low / (EXAMPLES + 1)) * (at + 1)
    rounded = round(exact)
    return f"{rounded if low <= rounded <= high else exact:.15g}"
