"""Two tasks or two people at once: one e-mail, one accepted invitation, and never an organisation without a member."""

import pytest
from django.core import mail

from marketplace.basics.errors import ConflictError
from marketplace.models import Membership, Notice, Organization, Role
from marketplace.services import invitations, notices, organizations
from payouts.models import PayoutProfile
from payouts.services import profiles
from tests.concurrency.at_once import at_once
from tests.factories.accounts import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(notices.celery_app, "send_task", lambda *_args, **_kwargs: None)


def test_two_tasks_send_one_mail():
    house = make_organization()
    make_member(Role.SELLER, organization=house)
    notices.notify(organization=house, kind="test", subject="Once", body="Once.", key="once")
    notice = Notice.objects.get()

    sent = at_once(*[lambda: notices.send(notice_id=notice.pk)] * 4)

    assert sorted(sent) == [False, False, False, True]
    assert len(mail.outbox) == 1


def test_one_happening_told_at_once_is_one_notice():
    house = make_organization()
    make_member(Role.SELLER, organization=house)

    at_once(*[lambda: notices.notify(organization=house, kind="t", subject="Once", body="Once.", key="once")] * 4)

    assert Notice.objects.count() == 1


def test_the_last_two_members_cannot_both_leave():
    house = make_organization()
    people = [make_member(Role.SELLER, organization=house) for _ in range(2)]

    results = at_once(
        *[lambda who=who: organizations.remove_member(organization=house, user=who, by=who) for who in people]
    )

    assert sorted(isinstance(result, ConflictError) for result in results) == [False, True]
    assert Membership.objects.filter(organization=house).count() == 1


def test_one_name_in_two_cases_is_founded_once():
    founder = make_user()

    results = at_once(
        *[
            lambda name=name: organizations.found(name=name, roles=["seller"], by=founder)
            for name in ("North Clinic", "NORTH CLINIC", "north clinic")
        ]
    )

    assert sorted(isinstance(result, ConflictError) for result in results) == [False, True, True]
    assert Organization.objects.filter(name__iexact="north clinic").count() == 1


def test_an_invitation_accepted_twice_at_once_counts_once():
    house = make_organization()
    seller = make_member(Role.SELLER, organization=house)
    colleague = make_user(email="colleague@north.example")
    invitation = invitations.invite(organization=house, email=colleague.email, roles=["seller"], by=seller)

    results = at_once(*[lambda: invitations.accept(invitation=invitation, by=colleague)] * 2)

    assert sorted(isinstance(result, ConflictError) for result in results) == [False, True]
    assert Membership.objects.filter(organization=house, user=colleague).count() == 1


def test_a_double_click_stores_payout_details_once():
    house = make_organization()
    seller = make_member(Role.SELLER, organization=house)
    details = profiles.PayoutDetails("North", "Hafenstraße", "12", "20457", "Hamburg", "DE", "DE89370400440532013000")

    at_once(*[lambda: profiles.give(organization=house, details=details, by=seller)] * 2)

    assert PayoutProfile.objects.get().version == 1
