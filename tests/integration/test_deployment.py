"""Production refuses what the demo is allowed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Role
from payouts.services import api_keys
from tests.factories.accounts import PASSWORD, make_member

pytestmark = pytest.mark.django_db


def check_deploy():
    call_command("check", deploy=True, databases=["default"])


@pytest.fixture
def production(settings):
    settings.DEMO = False
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECRET_KEY = "long enough and varied enough for a check: 0123456789 abcdefghij"


def make_demo_key():
    operator = make_member(Role.OPERATOR, email="demo@example.com", is_demo=True)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    return api_keys.create(name="Demo", client="Demo", scopes=["rounds:read"], expires_at=tomorrow, by=operator)


def test_clean_production_passes(production):
    check_deploy()


def test_demo_mode_is_refused(production, settings):
    settings.DEMO = True

    with pytest.raises(SystemCheckError, match=r"faircut\.E001"):
        check_deploy()


def test_demo_accounts_and_their_keys_are_refused(production):
    make_demo_key()

    with pytest.raises(SystemCheckError, match=r"(?s)faircut\.E002.*faircut\.E003|faircut\.E003.*faircut\.E002"):
        check_deploy()


@pytest.mark.parametrize(("demo", "expected"), [(True, 200), (False, 401)])
def test_a_demo_key_opens_nothing_outside_the_demo(client, settings, demo, expected):
    settings.DEMO = demo
    _, secret = make_demo_key()

    response = client.get(reverse("v1:round_list"), headers={"Authorization": f"Bearer {secret}"})

    assert response.status_code == expected


@pytest.mark.parametrize(("demo", "signed_in"), [(True, True), (False, False)])
def test_a_demo_person_signs_in_only_where_demo_mode_is_on(client, settings, demo, signed_in):
    settings.DEMO = demo
    make_member(Role.SELLER, email="demo@example.com", is_demo=True)

    client.post(reverse("account_login"), {"login": "demo@example.com", "password": PASSWORD})

    assert ("_auth_user_id" in client.session) is signed_in


def test_a_demo_session_ends_with_demo_mode(client, settings):
    client.force_login(make_member(Role.SELLER, is_demo=True))
    settings.DEMO = False

    assert client.get(reverse("marketplace:request_list")).status_code == 302
