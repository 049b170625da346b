"""What a seller says of a file: how it is read, which column is which, which spellings pass."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db import transaction

from marketplace import ingest
from marketplace.ingest import Checked, Format, Preview, Problem, Reading, Refused, TableSchema
from marketplace.ingest.reading import match_names
from marketplace.models import UploadDraft, User
from marketplace.services import stored_files
from marketplace.services.datasets import lock_open_draft, require_seller
from marketplace.services.upload_drafts.checking import checked, findings_of, opened, store_rows
from marketplace.services.uploads import limits, refused_for

State = UploadDraft.State


def read_as(*, draft: UploadDraft, delimiter: str, encoding: str, header: bool, decimal: str, by: User) -> UploadDraft:
    """Say how a CSV file is read; columns that have been matched stay so while their names stay.

    Raises:
        UploadRefusedError: The file cannot be read so; the draft stays as it was.
        DraftEndedError: The draft has ended.
    """
    require_seller(draft.organization, by)
    before = Reading.from_json(draft.reading)
    reading = replace(
        before, delimiter=delimiter, encoding=encoding, header=header, decimal=decimal, positions=None, labels=()
    )
    seen = preview_of(draft=draft, reading=reading)
    if isinstance(seen, Problem):
        raise refused_for(draft.filename, seen)
    positions = before.positions
    if positions is None or seen.labels != before.labels:
        positions = match_names(seen.labels, TableSchema.from_json(draft.request.schema))
    return _write(draft, replace(reading, labels=seen.labels, positions=positions), state=State.MATCHING)


def match_columns(*, draft: UploadDraft, positions: Mapping[str, int | None], by: User) -> UploadDraft:
    """Say which column of the file is which column asked for, and check the file.

    Raises:
        ReadingError: Two columns asked for would be read from one.
        DraftEndedError: The draft has ended.
    """
    require_seller(draft.organization, by)
    return _check(draft, replace(Reading.from_json(draft.reading), positions=dict(positions)))


def relax(*, draft: UploadDraft, columns: Iterable[str], by: User) -> UploadDraft:
    """Take the categories of these columns whatever their case and spaces, and check the file again.

    Raises:
        DraftEndedError: The draft has ended.
    """
    require_seller(draft.organization, by)
    reading = Reading.from_json(draft.reading)
    known = {column.name for column in TableSchema.from_json(draft.request.schema).columns if column.kind == "category"}
    return _check(draft, replace(reading, relaxed=tuple(sorted({*reading.relaxed, *columns} & known))))


def preview_of(*, draft: UploadDraft, reading: Reading) -> Preview | Problem:
    """The first rows of a draft's file as one reading shows them, or why it shows none.

    Raises:
        DraftEndedError: The stored file is gone.
    """
    format_: Format = "parquet" if draft.format == "parquet" else "csv"
    with opened(draft) as stream:
        return ingest.preview(stream, format_=format_, reading=reading, limits=limits())


def _check(draft: UploadDraft, reading: Reading) -> UploadDraft:
    with opened(draft) as stream:
        result = checked(draft, reading, stream)
    return _write(draft, reading, state=State.CHECKED, result=result)


def _write(
    draft: UploadDraft, reading: Reading, *, state: UploadDraft.State, result: Checked | Refused | None = None
) -> UploadDraft:
    """Write a reading and what was found by it, together; the rows of the reading before are removed."""
    draft.parquet = None
    try:
        store_rows(draft, result)
        with transaction.atomic():
            locked = lock_open_draft(draft)
            outdated = locked.parquet.name
            locked.reading, locked.state, locked.parquet = reading.to_json(), state, draft.parquet.name or ""
            locked.findings = None if result is None else findings_of(result)
            locked.save(update_fields=["reading", "state", "parquet", "findings"])
            stored_files.remove_after_commit(outdated)
    except BaseException:
        draft.parquet.delete(save=False)
        raise
    return locked
