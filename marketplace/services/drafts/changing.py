"""A draft under change: locked, saved with its event, and without what no longer fits it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from marketplace.models import DataRequest, User
from marketplace.services import events
from marketplace.services.datasets import lock_request
from marketplace.services.requests import require_buyer
from marketplace.shared.errors import ConflictError


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


def forget_validation(draft: DataRequest) -> None:
    """Leave the validation rows out, which fit other columns; their file goes when the change is committed."""
    if draft.validation_file:
        storage, name = draft.validation_file.storage, str(draft.validation_file.name)
        transaction.on_commit(lambda: storage.delete(name))
    draft.validation_file, draft.validation_sha256 = "", ""
    draft.validation_rows, draft.validation_profile = 0, {}
