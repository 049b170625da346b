"""Celery's edge of the marketplace: mails that are owed."""

from marketplace.services import notices
from marketplace.shared.tasks import faircut_task


@faircut_task("marketplace.send_notice")
def send_notice(*, notice_id: int) -> None:
    notices.send(notice_id=notice_id)


@faircut_task("marketplace.sweep_notices")
def sweep_notices() -> None:
    notices.sweep()
