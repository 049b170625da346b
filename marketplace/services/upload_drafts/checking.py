"""Checking a received file against the request, and keeping what was found."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, BinaryIO, cast

from django.core.files.base import File

from marketplace import ingest
from marketplace.ingest import Checked, Reading, Refused, TableSchema
from marketplace.models import UploadDraft
from marketplace.services.datasets import DraftEndedError
from marketplace.services.uploads import limits, normalised_parquet

Findings = dict[str, Any]


def checked(draft: UploadDraft, reading: Reading, stream: BinaryIO) -> Checked | Refused:
    """Check a file as one reading shows it against the columns of its request."""
    schema = TableSchema.from_json(draft.request.schema)
    return ingest.check(stream, filename=draft.filename, schema=schema, limits=limits(), reading=reading)


def store_rows(draft: UploadDraft, result: Checked | Refused | None) -> None:
    """Store the rows of a file without problems as the draft's Parquet; the draft itself is not saved."""
    if isinstance(result, Checked):
        with normalised_parquet(result.table) as parquet:
            draft.parquet.save(f"{draft.pk}.parquet", File(parquet), save=False)


def findings_of(result: Checked | Refused) -> Findings:
    """What was found in a file, as its draft keeps it."""
    if isinstance(result, Refused):
        return {
            "problems": [asdict(problem) for problem in result.problems],
            "counts": result.counts,
            "profile": None,
        }
    return {"problems": [], "counts": {}, "profile": result.profile}


@contextmanager
def opened(draft: UploadDraft) -> Iterator[BinaryIO]:
    """The stored file of a draft.

    Raises:
        DraftEndedError: It is gone.
    """
    try:
        stored = draft.original.open()
    except FileNotFoundError as error:
        raise DraftEndedError(
            f"The stored file of {draft.filename} is gone, so the upload cannot go on.",
            remedy="Upload the file again.",
        ) from error
    with stored:
        yield cast("BinaryIO", stored.file.file)  # what the storage opened, without Django's wrappings
