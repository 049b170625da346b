"""A received file's way: read as its seller says, checked as often as they like, entered as a version once."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from marketplace import ingest
from marketplace.ingest import Checked, Format, Guess, Preview, Problem, Reading, Refused, TableSchema
from marketplace.ingest.reading import match_names
from marketplace.models import DataRequest, DatasetVersion, Organization, UploadDraft, User
from marketplace.services import events, stored_files
from marketplace.services.datasets import (
    DraftEndedError,
    a_day_ago,
    lock_open_draft,
    lock_request,
    require_open,
    require_other_owner,
    require_quota,
    require_seller,
)
from marketplace.services.uploads import Upload, limits, normalised_parquet, received, refused_for
from marketplace.shared.errors import FaircutError
from marketplace.shared.names import visible

State = UploadDraft.State
Findings = dict[str, Any]


def receive(
    *, request: DataRequest, organization: Organization, dataset_name: str, file: "File[bytes]", by: User
) -> UploadDraft | DatasetVersion:
    """Store a file as the open draft of a dataset, replacing an earlier one; bytes entered before give their version.

    What the seller said of the earlier file (or of the dataset's last version) is kept where the columns are the same.
    Where nothing is left to ask, the file is checked at once.

    Raises:
        NotAllowedError: The person does not sell for the organisation.
        RequestClosedError: The request is not open.
        OwnRequestError: The organisation and the buyer have one owner.
        FaircutError: Nothing of the dataset's name can be seen.
        QuotaError: The organisation has uploaded enough for today.
        UploadRefusedError: Nothing makes the file readable; nothing is stored.
    """
    require_seller(organization, by)
    require_open(request)
    require_other_owner(request, organization)
    dataset_name = visible(dataset_name)
    if not dataset_name:
        raise FaircutError("Write the dataset's name in letters that can be seen.", code="no_name")
    came = UploadDraft.objects.filter(organization=organization, received_at__gt=a_day_ago())
    # Two uploads at once may pass by one, which harms nobody.
    require_quota(organization, came.count(), settings.FAIRCUT_DRAFTS_PER_DAY, "files")
    with received(file) as incoming:
        guess = incoming.guessed(TableSchema.from_json(request.schema))
        earlier = _earlier(request, organization, dataset_name)
        reading, state = _kept(incoming, guess, earlier)
        known = _known(request, organization, dataset_name, incoming.sha256, reading) if guess.is_certain else None
        if known is not None:
            return known
        draft = UploadDraft(
            id=uuid.uuid4(),
            request=request,
            organization=organization,
            dataset_name=dataset_name,
            filename=incoming.filename,
            format=guess.format,
            sha256=incoming.sha256,
            size_bytes=incoming.size_bytes,
            before=_findings_of(earlier),
            received_by=by,
        )
        result = _checked(draft, reading, incoming.original) if state == State.CHECKED else None
        return _store(draft, incoming, reading, state, result)


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
    with _opened(draft) as stream:
        return ingest.preview(stream, format_=format_, reading=reading, limits=limits())


@transaction.atomic
def discard(*, draft: UploadDraft, by: User) -> UploadDraft:
    """Give a draft up; its files are removed.

    Raises:
        DraftEndedError: The draft has ended.
    """
    require_seller(draft.organization, by)
    return _discard(lock_open_draft(draft), by)


def _known(
    request: DataRequest, organization: Organization, dataset_name: str, sha256: str, reading: Reading
) -> DatasetVersion | None:
    """The version of these bytes, asked only where nothing else can be said of them."""
    return DatasetVersion.objects.filter(
        dataset__request=request,
        dataset__organization=organization,
        dataset__name=dataset_name,
        sha256=sha256,
        reading_sha256=reading.sha256,
    ).first()


def _earlier(
    request: DataRequest, organization: Organization, dataset_name: str
) -> UploadDraft | DatasetVersion | None:
    """What a new file of this dataset follows: its open draft, else its last version."""
    draft = UploadDraft.objects.filter(
        request=request, organization=organization, dataset_name=dataset_name, state__in=UploadDraft.OPEN_STATES
    ).first()
    return (
        draft
        or DatasetVersion.objects.filter(
            dataset__request=request, dataset__organization=organization, dataset__name=dataset_name
        )
        .order_by("-number")
        .first()
    )


def _findings_of(earlier: UploadDraft | DatasetVersion | None) -> Findings | None:
    """What was found in the file before, to be compared with what is found in the next."""
    if isinstance(earlier, DatasetVersion):
        return {"name": str(earlier), "problems": [], "counts": {}, "profile": earlier.profile}
    if earlier is None or earlier.findings is None:
        return None
    return {"name": earlier.filename, **earlier.findings}


def _kept(
    incoming: Upload, guess: Guess, earlier: UploadDraft | DatasetVersion | None
) -> tuple[Reading, UploadDraft.State]:
    """How to read a file, and what is left to ask: what was said of the file before holds for the same columns."""
    if earlier is not None and earlier.reading and not (isinstance(earlier, UploadDraft) and earlier.findings is None):
        said = Reading.from_json(earlier.reading)
        if guess.reading.encoding == "utf-8":
            said = replace(said, encoding="utf-8")  # bytes that are UTF-8 by chance are next to impossible
        seen = ingest.preview(incoming.original, format_=guess.format, reading=said, limits=limits())
        if not isinstance(seen, Problem) and seen.labels == said.labels:
            return said, State.CHECKED
    if guess.is_certain:
        return guess.reading, State.CHECKED
    return guess.reading, State.MATCHING if guess.is_plain else State.READING


def _checked(draft: UploadDraft, reading: Reading, stream: BinaryIO) -> Checked | Refused:
    schema = TableSchema.from_json(draft.request.schema)
    return ingest.check(stream, filename=draft.filename, schema=schema, limits=limits(), reading=reading)


def _store(
    draft: UploadDraft, incoming: Upload, reading: Reading, state: UploadDraft.State, result: Checked | Refused | None
) -> UploadDraft:
    """Store the files, then the row; a crash in between leaves files that the sweep removes."""
    try:
        draft.original.save(f"{draft.pk}.{draft.format}", File(incoming.original), save=False)
        _store_rows(draft, result)
        _enter(draft, reading, state, result)
    except BaseException:
        for stored in (draft.original, draft.parquet):
            stored.delete(save=False)  # does nothing where nothing was stored
        raise
    return draft


def _store_rows(draft: UploadDraft, result: Checked | Refused | None) -> None:
    if isinstance(result, Checked):
        with normalised_parquet(result.table) as parquet:
            draft.parquet.save(f"{draft.pk}.parquet", File(parquet), save=False)


@transaction.atomic
def _enter(draft: UploadDraft, reading: Reading, state: UploadDraft.State, result: Checked | Refused | None) -> None:
    """Write the row in the place of the dataset's open draft; the request is locked first, as everywhere."""
    require_open(lock_request(draft.request))
    replaced = (
        UploadDraft.objects.select_for_update(of=("self",), no_key=True)
        .filter(
            request=draft.request,
            organization=draft.organization,
            dataset_name=draft.dataset_name,
            state__in=UploadDraft.OPEN_STATES,
        )
        .first()
    )
    if replaced is not None:
        _discard(replaced, draft.received_by)
    draft.reading, draft.state = reading.to_json(), state
    draft.findings = None if result is None else _as_findings(result)
    draft.save(force_insert=True)
    events.record(
        action="upload.received",
        subject=draft,
        by=draft.received_by,
        data={
            "dataset": draft.dataset_name,
            "sha256": draft.sha256,
            "replaces": str(replaced.pk) if replaced else None,
        },
    )


def _check(draft: UploadDraft, reading: Reading) -> UploadDraft:
    with _opened(draft) as stream:
        result = _checked(draft, reading, stream)
    return _write(draft, reading, state=State.CHECKED, result=result)


def _write(
    draft: UploadDraft, reading: Reading, *, state: UploadDraft.State, result: Checked | Refused | None = None
) -> UploadDraft:
    """Write a reading and what was found by it, together; the rows of the reading before are removed."""
    draft.parquet = None
    try:
        _store_rows(draft, result)
        with transaction.atomic():
            locked = lock_open_draft(draft)
            outdated = locked.parquet.name
            locked.reading, locked.state, locked.parquet = reading.to_json(), state, draft.parquet.name or ""
            locked.findings = None if result is None else _as_findings(result)
            locked.save(update_fields=["reading", "state", "parquet", "findings"])
            stored_files.remove_after_commit(outdated)
    except BaseException:
        draft.parquet.delete(save=False)
        raise
    return locked


def _discard(draft: UploadDraft, by: User) -> UploadDraft:
    stored_files.remove_after_commit(draft.original.name, draft.parquet.name)
    draft.state, draft.original, draft.parquet = State.DISCARDED, "", ""
    draft.save(update_fields=["state", "original", "parquet"])
    events.record(action="upload.discarded", subject=draft, by=by)
    return draft


def _as_findings(result: Checked | Refused) -> Findings:
    if isinstance(result, Refused):
        return {
            "problems": [asdict(problem) for problem in result.problems],
            "counts": result.counts,
            "profile": None,
        }
    return {"problems": [], "counts": {}, "profile": result.profile}


@contextmanager
def _opened(draft: UploadDraft) -> Iterator[BinaryIO]:
    try:
        stored = draft.original.open()
    except FileNotFoundError as error:
        raise DraftEndedError(
            f"The stored file of {draft.filename} is gone, so the upload cannot go on.",
            remedy="Upload the file again.",
        ) from error
    with stored:
        yield cast("BinaryIO", stored.file.file)  # what the storage opened, without Django's wrappings
