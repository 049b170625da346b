"""Notices: one e-mail a member for each happening, whatever is delivered twice or gets lost."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.models import Notice, Role
from marketplace.services import notices
from tests.factories.accounts import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make_organization(name="North Clinic")


@pytest.fixture
def hints(monkeypatch):
    """What would be on the broker."""
    sent = []
    monkeypatch.setattr(notices.celery_app, "send_task", lambda _name, kwargs: sent.append(kwargs["notice_id"]))
    return sent


def tell(house, key="round:1"):
    notices.notify(organization=house, kind="round_posted", subject="You earned 10.00 EUR", body="Look.", key=key)


def test_every_active_member_is_told_once(house, hints, django_capture_on_commit_callbacks):
    first = make_member(Role.SELLER, organization=house, email="a@north.example")
    house.memberships.create(user=first, role=Role.BUYER)
    make_member(Role.SELLER, organization=house, email="b@north.example")
    make_member(Role.SELLER, organization=house, email="gone@north.example", is_active=False)
    make_user(email="stranger@north.example")

    with django_capture_on_commit_callbacks(execute=True):
        tell(house)
    with django_capture_on_commit_callbacks(execute=True):
        tell(house)

    told = Notice.objects.order_by("recipient")
    assert [notice.recipient for notice in told] == ["a@north.example", "b@north.example"]
    assert set(hints) == {notice.pk for notice in told}


def test_what_is_rolled_back_is_told_to_nobody(house, hints, django_capture_on_commit_callbacks):
    make_member(Role.SELLER, organization=house)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        tell(house)
        transaction.set_rollback(True)

    assert (Notice.objects.count(), hints) == (0, [])


def test_a_task_delivered_twice_sends_one_mail(house, mailoutbox):
    make_member(Role.SELLER, organization=house, email="a@north.example")
    tell(house)
    notice = Notice.objects.get()

    assert [notices.send(notice_id=notice.pk) for _ in range(2)] == [True, False]

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["a@north.example"], "Faircut: You earned 10.00 EUR")
    assert mail.body == "Look.\n\nYou receive this because you act for North Clinic on Faircut.\n"


def test_the_sweep_sends_what_no_hint_reached_and_no_more(house, hints, monkeypatch):
    make_member(Role.SELLER, organization=house)
    for key in ("sent", "held", "dead", "new"):
        tell(house, key)
    now = timezone.now()
    with monkeypatch.context() as long_ago:
        long_ago.setattr(timezone, "now", lambda: now - notices.STALE - dt.timedelta(seconds=1))
        tell(house, "stale")
    Notice.objects.filter(key="sent").update(claimed_at=now, sent_at=now)
    Notice.objects.filter(key="held").update(claimed_at=now)
    Notice.objects.filter(key="dead").update(claimed_at=now - notices.CLAIM - dt.timedelta(seconds=1))

    assert notices.sweep() == 2

    assert set(Notice.objects.filter(pk__in=hints).values_list("key", flat=True)) == {"dead", "new"}


def test_a_mail_server_that_is_away_is_asked_again_later(house, monkeypatch, mailoutbox, hints):
    make_member(Role.SELLER, organization=house)
    tell(house)
    notice = Notice.objects.get()
    with monkeypatch.context() as broken:
        broken.setattr(notices.EmailMessage, "send", refuse)
        with pytest.raises(OSError, match="connection refused"):
            notices.send(notice_id=notice.pk)

    assert notices.sweep() == 0
    Notice.objects.update(claimed_at=timezone.now() - notices.CLAIM - dt.timedelta(seconds=1))
    assert notices.sweep() == 1
    assert notices.send(notice_id=hints[0])
    assert len(mailoutbox) == 1


def test_a_sent_notice_is_history_and_its_words_always_are(house, mailoutbox):
    make_member(Role.SELLER, organization=house)
    tell(house)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Notice.objects.update(body="Something else")
    notices.send(notice_id=Notice.objects.get().pk)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Notice.objects.update(sent_at=None)


def refuse(_message):
    raise OSError("connection refused")


def test_names_of_any_length_and_of_several_lines_stop_no_notice(house, hints, mailoutbox):
    make_member(Role.SELLER, organization=house)

    subject = f"{'a' * 120}\nBcc: eve@example.com no longer acts for {'b' * 120}"
    notices.notify(organization=house, kind="member_removed", subject=subject, body="Look.", key="removed:1")
    notices.send(notice_id=Notice.objects.get().pk)

    told = mailoutbox[0].subject
    assert "\n" not in told
    assert len(Notice.objects.get().subject) == 150
    assert mailoutbox[0].recipients() == [Notice.objects.get().recipient]
