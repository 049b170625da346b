"""The end of a draft, opened or given up, and of an open request."""

import hashlib
from collections.abc import Callable

from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from marketplace.basics.errors import ConflictError
from marketplace.models import DataRequest, User
from marketplace.selectors.drafts import missing_steps
from marketplace.services import events
from marketplace.services.datasets import lock_request
from marketplace.services.drafts.changing import forget_rows, lock_draft
from marketplace.services.requests import RequestRefusedError, checked_schema, require_buyer

# What other apps know against opening a draft, each raising a refusal; they add to it when they are set up.
OPENING_CHECKS: list[Callable[[DataRequest], None]] = []


class ValidationAlteredError(ConflictError):
    """The stored validation rows, or the buyer's own, are not those that were checked."""

    code = "validation_altered"


@transaction.atomic
def open_draft(*, request: DataRequest, by: User) -> DataRequest:
    """Commit the terms, with the hashes of the validation rows and of the buyer's own, and show the request to sellers.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: A step is missing, what was set does not make a request, or a check of another app says no.
        ValidationAlteredError: Stored rows are not those that were checked.
    """
    draft = lock_draft(request, by)
    if missing := missing_steps(draft):
        words = ", ".join(step.title.lower() for step in missing)
        raise RequestRefusedError(f"The request cannot open yet: {words}.", remedy="Go through the missing steps.")
    checked_schema(draft.schema, draft.target, draft.task)
    for check in OPENING_CHECKS:
        check(draft)
    _require_as_checked(draft.validation_file, draft.validation_sha256, "validation rows")
    if draft.base_rows:
        _require_as_checked(draft.base_file, draft.base_sha256, "rows of your own")
    draft.state, draft.opened_at = DataRequest.State.OPEN, timezone.now()
    draft.save()
    data = {"validation_sha256": draft.validation_sha256, "pot_minor": draft.pot_minor, "currency": draft.currency}
    if draft.base_rows:
        data["base_sha256"] = draft.base_sha256
    events.record(action="request.opened", subject=draft, by=by, data=data)
    return draft


@transaction.atomic
def discard(*, request: DataRequest, by: User) -> None:
    """Give a draft up for good: nobody sees it any more, and its rows are removed.

    Raises:
        NotAllowedError: The person does not buy for the organisation.
        NotADraftError: The request is open, closed or discarded.
    """
    draft = lock_draft(request, by)
    forget_rows(draft)
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
    found = lock_request(request)
    if not found.is_open:
        raise ConflictError(f"“{found.title}” is {found.get_state_display().lower()}, not open.")
    found.state = DataRequest.State.CLOSED
    found.save(update_fields=["state"])
    events.record(action="request.closed", subject=found, by=by)


def _require_as_checked(file: FieldFile, sha256: str, rows: str) -> None:
    with file.open("rb") as stored:
        if hashlib.file_digest(stored, "sha256").hexdigest() != sha256:
            raise ValidationAlteredError(
                f"The stored {rows} are not those that were checked.", remedy="Upload the file again."
            )
