"""What makes a request: schema, model and validation rows, each checked as its step is taken (`services.drafts`)."""

from typing import Any

from django.conf import settings

from marketplace.basics.errors import FaircutError, NotAllowedError
from marketplace.ingest import Refused, SchemaError, TableSchema
from marketplace.ingest.problems import Problem
from marketplace.models import Organization, Role, User
from marketplace.selectors.access import organizations_of
from marketplace.services.uploads import UploadRefusedError

SPEC_TYPES = {"family": str, "params": dict, "seed": int}


class RequestRefusedError(FaircutError):
    """The request cannot open as it is described."""

    code = "request_refused"
    status = 422


def require_buyer(buyer: Organization, by: User) -> None:
    """Refuse people who do not buy for this organisation."""
    if not organizations_of(by, Role.BUYER).filter(pk=buyer.pk).exists():
        raise NotAllowedError(f"You do not buy for {buyer.name}.", remedy="Sign in as one of its buyers.")


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
