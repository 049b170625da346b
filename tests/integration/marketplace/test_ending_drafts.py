"""An upload that nobody finished: its sellers are told once, while there is time to finish it."""

import datetime as dt

import pytest
from django.conf import settings
from django.urls import reverse

from marketplace.models import DataRequest, Notice, Role, UploadDraft
from marketplace.services import ending_drafts, notices
from marketplace.tasks import tell_ending_drafts
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_draft
from tests.factories.requests import make_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(notices.celery_app, "send_task", lambda *_args, **_kwargs: None)


@pytest.fixture
def seller():
    return make_member(Role.SELLER, organization=make_organization(name="North Clinic"), email="a@north.example")


def ends_in(draft, **span):
    ends = dt.datetime(2026, 11, 29, 5, 48, tzinfo=dt.UTC)
    UploadDraft.objects.filter(pk=draft.pk).update(expires_at=ends)
    return ends - dt.timedelta(**span)


def at(monkeypatch, moment):
    monkeypatch.setattr(ending_drafts.timezone, "now", lambda: moment)


def test_one_mail_a_member_says_the_file_its_end_and_where_to_go_on(seller, monkeypatch, mailoutbox):
    request = make_request(title="Incomes")
    draft = make_draft(seller=seller, request=request, name="Census")
    make_member(Role.SELLER, organization=draft.organization, email="b@north.example")
    at(monkeypatch, ends_in(draft, days=1, hours=23))

    assert [ending_drafts.tell(), ending_drafts.tell()] == [1, 1]
    tell_ending_drafts()

    told = Notice.objects.order_by("recipient")
    assert [notice.recipient for notice in told] == ["a@north.example", "b@north.example"]
    monkeypatch.undo()
    notices.send(notice_id=told[0].pk)
    (mail,) = mailoutbox
    assert (
        mail.subject
        == f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{draft.filename} is not submitted, and kept until 29 Nov 2026"
    )
    assert f"{draft.filename}, which North Clinic uploaded on" in mail.body
    assert "for “Incomes” (dataset Census), is not submitted: it is checked and has no problem" in mail.body
    assert "It is kept until 29 Nov 2026, 05:48 UTC" in mail.body
    assert f"{settings.SITE_URL}{reverse('marketplace:upload_draft', args=[draft.pk])}" in mail.body


def test_nobody_is_told_too_early_or_too_late(seller, monkeypatch):
    draft = make_draft(seller=seller)

    for span in ({"days": 2, "minutes": 1}, {"minutes": 0}, {"minutes": -1}):
        at(monkeypatch, ends_in(draft, **span))
        assert ending_drafts.tell() == 0

    assert not Notice.objects.exists()


def test_ended_uploads_and_closed_requests_tell_nobody(seller, monkeypatch):
    request = make_request()
    given_up, stuck = make_draft(seller=seller, name="One"), make_draft(seller=seller, request=request, name="Two")
    now = ends_in(stuck, days=1)
    UploadDraft.objects.filter(pk=given_up.pk).update(expires_at=now + dt.timedelta(days=1))
    UploadDraft.objects.filter(pk=given_up.pk).update(state="discarded", original="", parquet="")
    DataRequest.objects.filter(pk=request.pk).update(state="closed")
    at(monkeypatch, now)

    assert ending_drafts.tell() == 0


@pytest.mark.parametrize(
    ("state", "findings", "words"),
    [
        ("reading", None, "you have not said yet how the file is read."),
        ("matching", None, "its columns are not matched to those asked for yet."),
        ("checked", {"problems": [], "counts": {"x": 1}, "profile": None}, "it is checked and has problems to mend."),
    ],
)
def test_the_mail_says_what_the_upload_waits_for(seller, monkeypatch, state, findings, words):
    draft = make_draft(seller=seller)
    at(monkeypatch, ends_in(draft, days=1))
    UploadDraft.objects.filter(pk=draft.pk).update(state=state, findings=findings)

    ending_drafts.tell()

    assert words in Notice.objects.get().body
