"""E-mails that Faircut owes people: written down in the transaction of what happened, sent by a task after it."""

import datetime as dt

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import Truncator

from marketplace.celery import app as celery_app
from marketplace.models import Notice, Organization, User

log = structlog.get_logger(__name__)

# A task that has held a notice for this long is dead, or its mail server was: another may try.
CLAIM = dt.timedelta(minutes=10)
# What could not be sent for this long is no news any more.
STALE = dt.timedelta(days=7)
SUBJECT_CHARS = 150


def notify(*, organization: Organization, kind: str, subject: str, body: str, key: str) -> None:
    """Owe every member of an organisation one e-mail about what `key` names; telling it again changes nothing."""
    members = User.objects.filter(memberships__organization=organization, is_active=True)
    addresses = members.order_by("email").values_list("email", flat=True).distinct()
    why = f"You receive this because you act for {organization.name} on Faircut."
    _owe(organization, list(addresses), kind=kind, subject=subject, body=f"{body}\n\n{why}\n", key=key)


def operator_in_words() -> str:
    """The operator as e-mails name them: with an address where one is set."""
    return f"the operator ({settings.FAIRCUT_CONTACT})" if settings.FAIRCUT_CONTACT else "the operator"


def write_to(*, address: str, organization: Organization, kind: str, subject: str, body: str, key: str) -> None:
    """Owe one e-mail to an address that need not be a member's."""
    _owe(organization, [address], kind=kind, subject=subject, body=f"{body}\n", key=key)


def send(*, notice_id: int) -> bool:
    """Send a notice unless it is sent, or another task holds it; say whether this call sent it.

    A crash between the mail server's answer and our note of it sends the same mail once more after `CLAIM`: a notice
    twice in a power cut is better than one that never comes.
    """
    now = timezone.now()
    if not _free(now).filter(pk=notice_id).update(claimed_at=now):
        return False
    notice = Notice.objects.get(pk=notice_id)
    message = EmailMessage(
        f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{notice.subject}", notice.body, to=[notice.recipient]
    )
    message.send()
    Notice.objects.filter(pk=notice_id, sent_at__isnull=True).update(sent_at=timezone.now())
    log.info("notice.sent", notice_id=notice_id, kind=notice.kind)
    return True


def sweep() -> int:
    """Put hints for everything unsent on the broker again; a lost message loses no mail."""
    now = timezone.now()
    waiting = _free(now).filter(created_at__gt=now - STALE).values_list("pk", flat=True)
    for notice_id in waiting:
        _hint(notice_id)
    return len(waiting)


def _owe(organization: Organization, addresses: list[str], *, kind: str, subject: str, body: str, key: str) -> None:
    # Subjects hold names that people chose: a long one must not stop what happened, and a header is one line.
    subject = Truncator(" ".join(subject.split())).chars(SUBJECT_CHARS)
    notices = [
        Notice(organization=organization, recipient=address, kind=kind, key=key, subject=subject, body=body)
        for address in addresses
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    transaction.on_commit(lambda: _send_new(key, addresses), robust=True)


def _send_new(key: str, addresses: list[str]) -> None:
    for notice_id in _free(timezone.now()).filter(key=key, recipient__in=addresses).values_list("pk", flat=True):
        _hint(notice_id)


def _hint(notice_id: int) -> None:
    celery_app.send_task("marketplace.send_notice", kwargs={"notice_id": notice_id})


def _free(now: dt.datetime) -> QuerySet[Notice]:
    """What is not sent and nobody is sending."""
    return Notice.objects.filter(Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - CLAIM), sent_at__isnull=True)
