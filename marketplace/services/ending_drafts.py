"""Uploads that nobody finished end; their sellers are told some days before."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from marketplace.basics.figures import clock, day
from marketplace.models import DataRequest, UploadDraft
from marketplace.services import notices
from marketplace.web.site import address

TOLD_BEFORE = dt.timedelta(days=2)

_WAITS_FOR = {
    UploadDraft.State.READING: "you have not said yet how the file is read.",
    UploadDraft.State.MATCHING: "its columns are not matched to those asked for yet.",
}


def tell() -> int:
    """Owe an e-mail about each open upload that ends soon, once however often this runs; returns how many end.

    Where a request takes no data any more there is nothing to go on with, and nobody is told.
    """
    now = timezone.now()
    ending = UploadDraft.objects.filter(
        state__in=UploadDraft.OPEN_STATES,
        expires_at__gt=now,
        expires_at__lte=now + TOLD_BEFORE,
        request__state=DataRequest.State.OPEN,
    )
    told = 0
    for draft in ending.select_related("request", "organization").iterator():
        with transaction.atomic():
            _tell(draft)
        told += 1
    return told


def _tell(draft: UploadDraft) -> None:
    notices.notify(
        organization=draft.organization,
        kind="upload_ending",
        subject=f"{draft.filename} is not submitted, and kept until {day(draft.expires_at)}",
        body=f"{draft.filename}, which {draft.organization.name} uploaded on {day(draft.received_at)} for "
        f"“{draft.request.title}” (dataset {draft.dataset_name}), is not submitted: {_waits_for(draft)} It counts for "
        f"nothing until then. It is kept until {clock(draft.expires_at)}; after that it is deleted, and you would have "
        f"to upload it again.\n\nGo on where you left it:\n\n{address('marketplace:upload_draft', draft.pk)}\n\n"
        "If you do not need it any more, there is nothing for you to do.",
        key=f"upload:{draft.pk}:ending",
    )


def _waits_for(draft: UploadDraft) -> str:
    if draft.state in _WAITS_FOR:
        return _WAITS_FOR[UploadDraft.State(draft.state)]
    if (draft.findings or {}).get("profile"):
        return "it is checked and has no problem, and waits for you to submit it."
    return "it is checked and has problems to mend."
