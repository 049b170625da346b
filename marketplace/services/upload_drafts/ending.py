"""A seller gives an upload up, or a newer file takes its place."""

from django.db import transaction

from marketplace.models import UploadDraft, User
from marketplace.services import events, stored_files
from marketplace.services.datasets import lock_open_draft, require_seller


@transaction.atomic
def discard(*, draft: UploadDraft, by: User) -> UploadDraft:
    """Give a draft up; its files are removed.

    Raises:
        DraftEndedError: The draft has ended.
    """
    require_seller(draft.organization, by)
    return end_draft(lock_open_draft(draft), by)


def end_draft(draft: UploadDraft, by: User) -> UploadDraft:
    """End a locked draft; its files go when the change is committed."""
    stored_files.remove_after_commit(draft.original.name, draft.parquet.name)
    draft.state, draft.original, draft.parquet = UploadDraft.State.DISCARDED, "", ""
    draft.save(update_fields=["state", "original", "parquet"])
    events.record(action="upload.discarded", subject=draft, by=by)
    return draft
