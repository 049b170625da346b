"""A file arrives: stored as the open draft of its dataset, read as was said of the file before where that fits."""

import uuid
from dataclasses import replace

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from marketplace import ingest
from marketplace.basics.errors import FaircutError
from marketplace.basics.names import visible
from marketplace.ingest import Checked, Guess, Problem, Reading, Refused, TableSchema
from marketplace.models import DataRequest, DatasetVersion, Organization, UploadDraft, User
from marketplace.services import events
from marketplace.services.datasets import (
    a_day_ago,
    lock_request,
    require_open,
    require_other_owner,
    require_quota,
    require_seller,
)
from marketplace.services.upload_drafts.checking import Findings, checked, findings_of, store_rows
from marketplace.services.upload_drafts.ending import end_draft
from marketplace.services.uploads import Upload, limits, received

State = UploadDraft.State


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
            before=_findings_before(earlier),
            received_by=by,
        )
        result = checked(draft, reading, incoming.original) if state == State.CHECKED else None
        return _store(draft, incoming, reading, state, result)


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


def _findings_before(earlier: UploadDraft | DatasetVersion | None) -> Findings | None:
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


def _store(
    draft: UploadDraft, incoming: Upload, reading: Reading, state: UploadDraft.State, result: Checked | Refused | None
) -> UploadDraft:
    """Store the files, then the row; a crash in between leaves files that the sweep removes."""
    try:
        draft.original.save(f"{draft.pk}.{draft.format}", File(incoming.original), save=False)
        store_rows(draft, result)
        _enter(draft, reading, state, result)
    except BaseException:
        for stored in (draft.original, draft.parquet):
            stored.delete(save=False)  # does nothing where nothing was stored
        raise
    return draft


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
        end_draft(replaced, draft.received_by)
    draft.reading, draft.state = reading.to_json(), state
    draft.findings = None if result is None else findings_of(result)
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
