"""The columns of a request: begun from a sample file, then changed one by one."""

from typing import Any

from django.conf import settings
from django.core.files.base import File

from marketplace.ingest import Limits, Problem, Refused, SchemaError, TableSchema
from marketplace.ingest.sample import Sample, describe
from marketplace.models import DataRequest, User
from marketplace.services.drafts.changing import changed, forget_rows
from marketplace.services.requests import RequestRefusedError
from marketplace.services.uploads import UploadRefusedError, received


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
    with changed(request, "columns", by) as draft:
        _set_schema(draft, schema)
    return sample


def set_column(*, request: DataRequest, place: int | None, column: dict[str, Any], by: User) -> None:
    """Change the column at a place, or add one where there is no place.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: The columns would not make a usable table.
    """
    with changed(request, "columns", by) as draft:
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
    with changed(request, "columns", by) as draft:
        columns = list(draft.schema.get("columns", []))
        del columns[_existing(columns, place)]
        _set_schema(draft, _usable({"columns": columns}))


def _set_schema(draft: DataRequest, schema: dict[str, Any]) -> None:
    """Put a schema in place; what was checked against the old one is forgotten."""
    if schema == draft.schema:
        return
    draft.schema = schema
    forget_rows(draft)
    try:
        TableSchema.from_json(schema).check_target(target=draft.target, task=draft.task)
    except SchemaError:
        draft.target = ""  # the task stays as a first guess, and the model with it


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
