"""A buyer's draft on its way to an open request: each step is checked and kept, the last one commits."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from marketplace.ingest import Limits, Problem, Refused, SchemaError, TableSchema
from marketplace.ingest.sample import Sample, describe
from marketplace.models import DataRequest, Organization, User
from marketplace.selectors.drafts import missing_steps
from marketplace.services import events
from marketplace.services.datasets import lock_request
from marketplace.services.requests import (
    RequestRefusedError,
    check_model_spec,
    check_row_count,
    check_target_varies,
    checked_schema,
    require_buyer,
)
from marketplace.services.uploads import UploadRefusedError, normalised_parquet, received
from marketplace.shared.errors import ConflictError
from marketplace.shared.names import visible

# With fewer rows the score of any model is mostly luck, and so would be every seller's share.
VALIDATION_ROWS_MIN = 100


class NotADraftError(ConflictError):
    """The request is open or closed: its terms are committed."""

    code = "request_committed"


class ValidationAlteredError(ConflictError):
    """The stored validation rows are not those that were checked."""

    code = "validation_altered"


@transaction.atomic
def start(*, buyer: Organization, title: str, description: str, by: User) -> DataRequest:
    """Begin a draft that only the buyer's people see.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
    """
    require_buyer(buyer, by)
    draft = DataRequest.objects.create(buyer=buyer, title=_one_line(title), description=description)
    events.record(action="request.drafted", subject=draft, by=by)
    return draft


def set_words(*, request: DataRequest, title: str, description: str, by: User) -> None:
    """Say what is wanted, in the words that sellers read.

    Raises:
        NotADraftError: The request is open or closed.
    """
    with _changed(request, "words", by) as draft:
        draft.title, draft.description = _one_line(title), description


def take_columns(*, request: DataRequest, file: "File[bytes]", by: User) -> Sample:
    """Begin the schema from a sample file; nothing of the sample is stored but the columns it shows.

    Raises:
        NotADraftError: The request is open or closed.
        UploadRefusedError: The sample cannot be read, or no column of it can be used.
    """
    with received(file) as incoming:
        limits = Limits(size_bytes=settings.FAIRCUT_UPLOAD_MAX_BYTES)
        sample = describe(incoming.original, filename=incoming.filename, limits=limits)
        if isinstance(sample, Problem):
            raise UploadRefusedError(incoming.filename, Refused((sample,), {sample.code: 1}))
        schema = _readable(TableSchema(sample.columns).to_json(), incoming.filename)
    with _changed(request, "columns", by) as draft:
        _set_schema(draft, schema)
    return sample


def set_column(*, request: DataRequest, place: int | None, column: dict[str, Any], by: User) -> None:
    """Change the column at a place, or add one where there is no place.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The columns would not make a usable table.
    """
    with _changed(request, "columns", by) as draft:
        columns = list(draft.schema.get("columns", []))
        if place is None:
            columns.append(column)
        else:
            columns[_existing(columns, place)] = column
        _set_schema(draft, _usable({"columns": columns}))


def remove_column(*, request: DataRequest, place: int, by: User) -> None:
    """Leave a column out.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: It is the last one.
    """
    with _changed(request, "columns", by) as draft:
        columns = list(draft.schema.get("columns", []))
        del columns[_existing(columns, place)]
        _set_schema(draft, _usable({"columns": columns}))


def set_target(*, request: DataRequest, target: str, task: str, by: User) -> None:
    """Choose the column that the model shall predict; another task asks for another model.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The column does not fit the task.
    """
    with _changed(request, "target", by) as draft:
        checked_schema(draft.schema, target, task)
        if (target, task) != (draft.target, draft.task):
            _forget_validation(draft)
        if task != draft.task:
            draft.model_spec, draft.metric = {}, ""
        draft.target, draft.task = target, task


def set_model(*, request: DataRequest, task: str, model_spec: dict[str, Any], metric: str, by: User) -> None:
    """Keep a model that was checked for this task; which models exist is the valuation's to say.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The task was changed meanwhile.
    """
    check_model_spec(model_spec)
    with _changed(request, "model", by) as draft:
        if draft.task != task:
            raise RequestRefusedError("The task was changed meanwhile.", remedy="Choose the model again.")
        draft.model_spec, draft.metric = model_spec, metric


def set_budget(
    *, request: DataRequest, pot_minor: int, currency: str, precision_target: float, evaluations_max: int, by: User
) -> None:
    """Announce the pot, and how sure and how costly a valuation is to be.

    Raises:
        NotADraftError: The request is open or closed.
    """
    with _changed(request, "budget", by) as draft:
        draft.pot_minor, draft.currency = pot_minor, currency
        draft.precision_target, draft.evaluations_max = precision_target, evaluations_max


def set_validation(*, request: DataRequest, file: "File[bytes]", by: User) -> None:
    """Check the validation rows against the columns and store them under their hash; a new file replaces the old one.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: Columns and target are not settled, or there are too few or too many rows.
        UploadRefusedError: The file has problems; nothing is stored.
    """
    table_schema = checked_schema(request.schema, request.target, request.task)
    with received(file) as incoming:
        checked = incoming.checked(table_schema)
        check_target_varies(incoming.filename, checked.profile, request.target)
        check_row_count(checked.table.num_rows)
        _check_enough_rows(checked.table.num_rows)
        with normalised_parquet(checked.table) as parquet:
            sha256 = hashlib.file_digest(parquet, "sha256").hexdigest()
            stored = DataRequest(pk=request.pk).validation_file
            stored.save(f"{request.pk}-{sha256[:12]}.parquet", File(parquet), save=False)
        try:
            with _changed(request, "validation", by, uploaded_sha256=incoming.sha256) as draft:
                _require_same_columns(draft, request)
                _forget_validation(draft)
                draft.validation_file.name = stored.name
                draft.validation_sha256, draft.validation_profile = sha256, checked.profile
                draft.validation_rows = checked.table.num_rows
        except BaseException:
            stored.delete(save=False)
            raise


@transaction.atomic
def open_draft(*, request: DataRequest, by: User) -> DataRequest:
    """Commit the terms and the hash of the validation rows, and show the request to sellers.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: A step is missing, or what was set does not make a request.
        ValidationAlteredError: The stored validation rows are not those that were checked.
    """
    draft = _locked(request, by)
    if missing := missing_steps(draft):
        words = ", ".join(step.title.lower() for step in missing)
        raise RequestRefusedError(f"The request cannot open yet: {words}.", remedy="Go through the missing steps.")
    checked_schema(draft.schema, draft.target, draft.task)
    with draft.validation_file.open("rb") as stored:
        if hashlib.file_digest(stored, "sha256").hexdigest() != draft.validation_sha256:
            raise ValidationAlteredError(
                "The stored validation rows are not those that were checked.", remedy="Upload the file again."
            )
    draft.state, draft.opened_at = DataRequest.State.OPEN, timezone.now()
    draft.save()
    data = {"validation_sha256": draft.validation_sha256, "pot_minor": draft.pot_minor, "currency": draft.currency}
    events.record(action="request.opened", subject=draft, by=by, data=data)
    return draft


@transaction.atomic
def discard(*, request: DataRequest, by: User) -> None:
    """Give a draft up for good: nobody sees it any more, and its validation rows are removed.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        NotADraftError: The request is open, closed or discarded.
    """
    draft = _locked(request, by)
    _forget_validation(draft)
    draft.state = DataRequest.State.DISCARDED
    draft.save()
    events.record(action="request.discarded", subject=draft, by=by, data={"title": draft.title})


@transaction.atomic
def close(*, request: DataRequest, by: User) -> None:
    """Take no more data; what was submitted can still be valued and paid.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        ConflictError: The request is not open.
    """
    require_buyer(request.buyer, by)
    locked = lock_request(request)
    if not locked.is_open:
        raise ConflictError(f"“{locked.title}” is {locked.get_state_display().lower()}, not open.")
    locked.state = DataRequest.State.CLOSED
    locked.save(update_fields=["state"])
    events.record(action="request.closed", subject=locked, by=by)


def _one_line(title: str) -> str:
    """A title stands in e-mails to sellers, where a second line could pass for ours."""
    return visible(title)


@contextmanager
def _changed(request: DataRequest, step: str, by: User, **data: Any) -> Iterator[DataRequest]:
    """The locked draft, saved with its event when the block ends well."""
    with transaction.atomic():
        draft = _locked(request, by)
        yield draft
        draft.save()
        events.record(action="request.draft_changed", subject=draft, by=by, data={"step": step, **data})


def _locked(request: DataRequest, by: User) -> DataRequest:
    require_buyer(request.buyer, by)
    draft = lock_request(request)
    if not draft.is_draft:
        raise NotADraftError(
            f"“{draft.title}” is {draft.get_state_display().lower()}: its terms cannot change any more.",
            remedy="Begin a new request with other terms.",
        )
    return draft


def _set_schema(draft: DataRequest, schema: dict[str, Any]) -> None:
    """Put a schema in place; what was checked against the old one is forgotten."""
    if schema == draft.schema:
        return
    draft.schema = schema
    _forget_validation(draft)
    try:
        TableSchema.from_json(schema).check_target(target=draft.target, task=draft.task)
    except SchemaError:
        draft.target = ""  # the task stays as a first guess, and the model with it


def _forget_validation(draft: DataRequest) -> None:
    if draft.validation_file:
        storage, name = draft.validation_file.storage, str(draft.validation_file.name)
        transaction.on_commit(lambda: storage.delete(name))
    draft.validation_file, draft.validation_sha256 = "", ""
    draft.validation_rows, draft.validation_profile = 0, {}


def _require_same_columns(draft: DataRequest, checked: DataRequest) -> None:
    if (draft.schema, draft.target) != (checked.schema, checked.target):
        raise ConflictError("The columns were changed meanwhile.", remedy="Upload the file again.")


def _usable(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        return TableSchema.from_json(schema).to_json()
    except SchemaError as error:
        raise RequestRefusedError(str(error), remedy="Mend the column, or leave it out.") from error


def _readable(schema: dict[str, Any], filename: str) -> dict[str, Any]:
    try:
        return TableSchema.from_json(schema).to_json()
    except SchemaError as error:
        remedy = "Mend the file, or describe the columns by hand."
        problems = tuple(Problem("format-error", fault, remedy) for fault in error.faults)
        raise UploadRefusedError(filename, Refused(problems, {"format-error": len(problems)})) from error


def _existing(columns: list[Any], place: int) -> int:
    if not 0 <= place < len(columns):
        raise RequestRefusedError("There is no such column any more.", remedy="Look at the list of columns again.")
    return place


def _check_enough_rows(rows: int) -> None:
    if rows < VALIDATION_ROWS_MIN:
        raise RequestRefusedError(
            f"The validation file has {rows} rows; at least {VALIDATION_ROWS_MIN} are needed.",
            remedy="Add rows: with fewer, the score of any model is mostly luck.",
        )
