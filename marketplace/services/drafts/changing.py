"""A draft under change: locked, saved with its event, and without what no longer fits it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models.fields.files import FieldFile

from marketplace.basics.errors import ConflictError
from marketplace.models import DataRequest, User
from marketplace.services import events
from marketplace.services.datasets import lock_request
from marketplace.services.requests import RequestRefusedError, require_buyer


class NotADraftError(ConflictError):
    """The request is open or closed: its terms are committed."""

    code = "request_committed"


@contextmanager
def changed(request: DataRequest, step: str, by: User, **data: Any) -> Iterator[DataRequest]:
    """The locked draft, saved with its event when the block ends well."""
    with transaction.atomic():
        draft = lock_draft(request, by)
        yield draft
        draft.save()
        events.record(action="request.draft_changed", subject=draft, by=by, data={"step": step, **data})


def lock_draft(request: DataRequest, by: User) -> DataRequest:
    """Lock a request that its buyer's people may still change.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        NotADraftError: The request is open, closed or discarded.
    """
    require_buyer(request.buyer, by)
    draft = lock_request(request)
    if not draft.is_draft:
        raise NotADraftError(
            f"“{draft.title}” is {draft.get_state_display().lower()}: its terms cannot change any more.",
            remedy="Begin a new request with other terms.",
        )
    return draft


def require_unchanged(draft: DataRequest, checked: DataRequest, *terms: str) -> None:
    """Refuse a file that was checked against what is another by now.

    Raises:
        ConflictError: One of the terms was changed meanwhile.
    """
    if any(getattr(draft, term) != getattr(checked, term) for term in terms):
        raise ConflictError("The request was changed meanwhile.", remedy="Upload the file again.")


def check_begins_one_way(*, model_spec: dict[str, Any], base_rows: int) -> None:
    """Refuse to fill trainings up with rows that say nothing where they begin with rows of the buyer's own.

    Raises:
        RequestRefusedError: Both are asked for.
    """
    if base_rows and model_spec.get("start_rows"):
        raise RequestRefusedError(
            "With rows of your own no training begins with nothing, so none is filled up.",
            remedy="Set “Rows that every training has at least” to 0 under Model and metric, or remove your own rows.",
        )


def forget_rows(draft: DataRequest) -> None:
    """Leave out all rows that fit other columns: the validation rows, and the buyer's own."""
    forget_validation(draft)
    forget_base(draft)


def forget_validation(draft: DataRequest) -> None:
    """Leave the validation rows out."""
    _delete_on_commit(draft.validation_file)
    draft.validation_file, draft.validation_sha256 = "", ""
    draft.validation_rows, draft.validation_profile = 0, {}


def forget_base(draft: DataRequest) -> None:
    """Leave the buyer's own rows out."""
    _delete_on_commit(draft.base_file)
    draft.base_file, draft.base_sha256, draft.base_rows = "", "", 0


def _delete_on_commit(file: FieldFile) -> None:
    if file:
        storage, name = file.storage, str(file.name)
        transaction.on_commit(lambda: storage.delete(name))
