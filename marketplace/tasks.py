"""Celery's edge of the marketplace: comparisons of files, mails that are owed, uploads and files that end."""

import uuid

from marketplace.models import DataRequest
from marketplace.services import copies, ending_drafts, notices, stored_files
from marketplace.web.tasks import faircut_task


@faircut_task("marketplace.check_copies")
def check_copies(*, request_id: str) -> None:
    copies.check(request=DataRequest.objects.get(pk=uuid.UUID(request_id)))


@faircut_task("marketplace.sweep_copies")
def sweep_copies() -> None:
    copies.sweep()


@faircut_task("marketplace.send_notice")
def send_notice(*, notice_id: int) -> None:
    notices.send(notice_id=notice_id)


@faircut_task("marketplace.sweep_notices")
def sweep_notices() -> None:
    notices.sweep()


@faircut_task("marketplace.sweep_files")
def sweep_files() -> None:
    stored_files.sweep()


@faircut_task("marketplace.tell_ending_drafts")
def tell_ending_drafts() -> None:
    ending_drafts.tell()
