"""Buyers open requests: the schema is checked and the validation rows are committed before any seller sees them."""

import hashlib
import uuid
from io import BufferedRandom
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from marketplace.ingest import Refused, SchemaError, TableSchema
from marketplace.ingest.problems import Problem
from marketplace.models import DataRequest, Organization, Role, User
from marketplace.selectors.access import organizations_of
from marketplace.services import events
from marketplace.services.uploads import UploadRefusedError, normalised_parquet, received
from marketplace.shared.errors import FaircutError, NotAllowedError

SPEC_TYPES = {"family": str, "params": dict, "seed": int}


class RequestRefusedError(FaircutError):
    """The request cannot open as it is described."""

    code = "request_refused"
    status = 422


def open_request(
    *,
    title: str,
    description: str,
    buyer: Organization,
    schema: dict[str, Any],
    target: str,
    task: str,
    model_spec: dict[str, Any],
    metric: str,
    currency: str,
    validation_file: "File[bytes]",
    by: User,
    pot_minor: int | None = None,
) -> DataRequest:
    """Open a request, with its validation rows stored under their hash.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        RequestRefusedError: Schema, target or model do not make a usable request.
        UploadRefusedError: The validation file has problems; nothing is stored.
    """
    require_buyer(buyer, by)
    table_schema = checked_schema(schema, target, task)
    check_model_spec(model_spec)
    data_request = DataRequest(
        id=uuid.uuid4(),
        title=title,
        description=description,
        buyer=buyer,
        schema=schema,
        target=target,
        task=task,
        model_spec=model_spec,
        metric=metric,
        currency=currency,
        pot_minor=pot_minor,
        state=DataRequest.State.OPEN,
        opened_at=timezone.now(),
    )
    with received(validation_file) as incoming:
        checked = incoming.checked(table_schema)
        check_target_varies(incoming.filename, checked.profile, target)
        check_row_count(checked.table.num_rows)
        data_request.validation_rows = checked.table.num_rows
        data_request.validation_profile = checked.profile
        with normalised_parquet(checked.table) as parquet:
            return _store(data_request, parquet, uploaded_sha256=incoming.sha256, by=by)


def require_buyer(buyer: Organization, by: User) -> None:
    """Refuse people who do not buy for this organisation."""
    if not organizations_of(by, Role.BUYER).filter(pk=buyer.pk).exists():
        raise NotAllowedError(f"You do not buy for {buyer.name}.", remedy="Sign in as one of its buyers.")


def _store(data_request: DataRequest, parquet: BufferedRandom, *, uploaded_sha256: str, by: User) -> DataRequest:
    """Store the normalised rows, whose hash is the commitment: they are what every valuation reads."""
    data_request.validation_sha256 = hashlib.file_digest(parquet, "sha256").hexdigest()
    stored = data_request.validation_file
    stored.save(f"{data_request.pk}.parquet", File(parquet), save=False)
    try:
        with transaction.atomic():
            data_request.save(force_insert=True)
            events.record(
                action="request.opened",
                subject=data_request,
                by=by,
                data={"validation_sha256": data_request.validation_sha256, "uploaded_sha256": uploaded_sha256},
            )
    except BaseException:
        stored.delete(save=False)
        raise
    return data_request


def checked_schema(schema: dict[str, Any], target: str, task: str) -> TableSchema:
    """Read a schema whose target fits the task.

    Raises:
        RequestRefusedError: It cannot be used.
    """
    try:
        table_schema = TableSchema.from_json(schema)
        table_schema.check_target(target=target, task=task)
    except SchemaError as error:
        raise RequestRefusedError(
            str(error), remedy="Choose another target or another task, or change the column under Columns."
        ) from error
    return table_schema


def check_model_spec(model_spec: dict[str, Any]) -> None:
    """Check the form only: which families and parameters exist is the valuation's to say when it reads the spec."""
    for key, expected in SPEC_TYPES.items():
        if not isinstance(model_spec.get(key), expected):
            raise RequestRefusedError(
                f"The model spec needs {key!r} as {expected.__name__}.",
                remedy="For example family logistic_regression, params {}, seed 0.",
            )


def check_row_count(rows: int) -> None:
    """Refuse more validation rows than a run can keep contributions for."""
    if rows > settings.FAIRCUT_VALIDATION_ROWS_MAX:
        raise RequestRefusedError(
            f"The validation file has {rows} rows; at most {settings.FAIRCUT_VALIDATION_ROWS_MAX} are used.",
            remedy="Draw a random part of it: beyond some thousands of rows the error of the validation hardly falls.",
        )


def check_target_varies(filename: str, profile: dict[str, Any], target: str) -> None:
    """Refuse validation rows that cannot tell a good model from a bad one."""
    column = next(column for column in profile["columns"] if column["name"] == target)
    if column["kind"] == "category":
        varies = sum(count > 0 for count in column["counts"].values()) > 1
    else:
        varies = column["minimum"] < column["maximum"]
    if not varies:
        problem = Problem(
            "constraint-error",
            "Every validation row has the same target, so every model scores alike.",
            "Add rows with other values of the target.",
            column=target,
        )
        raise UploadRefusedError(filename, Refused((problem,), {problem.code: 1}))
