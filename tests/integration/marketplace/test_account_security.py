"""Ways into an account: nobody adds one, or replaces the second factor, with less than they signed in with."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from marketplace.demo import totp
from marketplace.models import AuditEvent, Role
from tests.factories.accounts import PASSWORD, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def approver():
    person = make_member(Role.OPERATOR, email="approver@example.com")
    TOTP.activate(person, totp.APPROVER_SECRET)
    return person


@pytest.fixture
def signed_in(client, approver):
    client.post(reverse("account_login"), {"login": approver.email, "password": PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": totp.code_now(totp.APPROVER_SECRET)})
    assert "_auth_user_id" in client.session
    return client


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_nobody_adds_or_exchanges_an_address_by_a_forged_form(client, action):
    client.force_login(make_member(Role.SELLER, email="seller@example.com"))

    response = client.post(reverse("account_email"), {"email": "new@example.com", action: ""})

    assert response.status_code == 405
    assert (
        not client.get(reverse("account_email"))
        .wsgi_request.user.emailaddress_set.filter(email="new@example.com")
        .exists()
    )


def test_a_password_alone_does_not_open_the_settings_of_a_second_factor(signed_in):
    session = signed_in.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()

    asked = signed_in.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    removal = signed_in.post(reverse("mfa_deactivate_totp"))

    assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    assert removal.status_code == 302
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_a_proof_ends_with_the_factor_it_was_of(signed_in, approver):
    session = signed_in.session
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "type": "totp", "reauthenticated": True}
    ]
    session.save()

    signed_in.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.filter(type="totp").exists()
    assert [record["method"] for record in signed_in.session["account_authentication_methods"]] == []
    assert AuditEvent.objects.filter(action="second_factor.changed", actor=approver).exists()


def test_pages_of_signed_in_people_are_kept_by_no_cache(client):
    client.force_login(make_member(Role.SELLER))

    assert client.get("/")["Cache-Control"] == "private, no-store"
