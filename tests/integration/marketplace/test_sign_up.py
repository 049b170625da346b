"""From a stranger to a member of an organisation; and nobody learns who has an account."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import AuditEvent, Organization, User
from tests.factories.accounts import PASSWORD, make_user
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db

ADDRESS = "nadia@north.example"


def sign_up(client, email=ADDRESS, **changes):
    form = {"full_name": "Nadia North", "email": email, "password1": PASSWORD, "password2": PASSWORD} | changes
    return client.post(reverse("account_signup"), form)


def link_in(mail):
    return re.search(r"https?://[^/]+(/\S+)", mail.body).group(1)


def test_a_stranger_confirms_the_address_and_founds_an_organisation(client, mailoutbox):
    sent = sign_up(client)
    blocked = client.get(reverse("marketplace:organization_list"))
    page = client.get(link_in(mailoutbox[0]))
    confirmed = client.post(link_in(mailoutbox[0]))
    founded = client.post(reverse("marketplace:organization_new"), {"name": "North Clinic", "roles": ["seller"]})

    assert sent["Location"] == reverse("account_email_verification_sent")
    assert blocked["Location"].startswith(reverse("account_login"))
    assert f"You sign in to Faircut with {ADDRESS}" in words_of(page)
    assert confirmed["Location"] == "/"
    organization = Organization.objects.get(name="North Clinic")
    assert founded["Location"] == reverse("marketplace:organization", args=[organization.pk])
    assert [(m.user.full_name, m.role) for m in organization.memberships.all()] == [("Nadia North", "seller")]
    assert list(AuditEvent.objects.order_by("at").values_list("action", flat=True)) == [
        "person.signed_up", "organization.created", "membership.added",
    ]  # fmt: skip


def test_nobody_signs_in_before_the_address_is_confirmed(client, mailoutbox):
    sign_up(client)
    client.cookies.clear()

    answer = client.post(reverse("account_login"), {"login": ADDRESS, "password": PASSWORD})

    assert answer["Location"] == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


def test_a_link_confirms_in_another_browser_without_signing_anybody_in(client, mailoutbox):
    sign_up(client)
    client.cookies.clear()

    client.post(link_in(mailoutbox[0]))

    assert "_auth_user_id" not in client.session
    signed_in = client.post(reverse("account_login"), {"login": ADDRESS, "password": PASSWORD})
    assert signed_in["Location"] == "/"


def test_a_taken_address_looks_like_a_free_one(client, mailoutbox):
    make_user(email=ADDRESS)
    other = Client()

    taken = sign_up(client)
    free = sign_up(other, email="free@north.example")

    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    assert words_of(client.get(taken["Location"])) == words_of(other.get(free["Location"]))
    assert [mail.subject for mail in mailoutbox] == [
        "Faircut: you have an account already", "Faircut: confirm your address",
    ]  # fmt: skip
    assert User.objects.filter(email=ADDRESS).count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"full_name": ""}, "Full name: It is empty. Fill it in."),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password2": "another-long-password"}, "You must type the same password each time."),
    ],
)
def test_a_form_that_lacks_something_opens_no_account(client, mailoutbox, changes, sentence):
    answer = sign_up(client, **changes)

    assert sentence in words_of(answer)
    assert not User.objects.exists()
    assert mailoutbox == []


def test_the_demo_says_where_its_mails_lie(client, settings):
    settings.EMAIL_FILE_PATH = str(settings.BASE_DIR / ".faircut" / "mail")
    page = reverse("account_email_verification_sent")
    assert "it is the newest file in .faircut/mail" in words_of(client.get(page))

    settings.DEMO = False

    assert "newest file" not in words_of(client.get(page))


def test_the_mails_say_what_to_do_and_what_happens_otherwise(client, mailoutbox):
    sign_up(client)

    assert mailoutbox[0].subject == "Faircut: confirm your address"
    assert mailoutbox[0].body == (
        f"Open this link to confirm that {ADDRESS} is yours:\n\n"
        f"http://testserver{link_in(mailoutbox[0])}\n\n"
        "It works for three days. If you did not sign up at Faircut, do nothing: without the link nobody can use your "
        "address.\n\nFaircut, testserver"
    )


def test_a_name_is_one_line(client):
    sign_up(client, full_name="Nadia\n\nOur bank has a new account:\tNorth ")

    assert User.objects.get(email=ADDRESS).full_name == "Nadia Our bank has a new account: North"


def test_an_address_too_long_to_keep_is_refused_not_cut(client, mailoutbox):
    answer = sign_up(client, f"{'n' * 60}@{'.'.join(['north' * 12] * 3)}.{'example' * 5}")

    assert "may have at most 254" in words_of(answer)
    assert not User.objects.exists()
    assert mailoutbox == []
