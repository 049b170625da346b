"""Keys of accounting systems, made and revoked on their page."""

import re
from urllib.parse import urlencode

from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from payouts.models import ApiKey
from tests.integration.payouts.browsing import browser, page


def test_a_key_is_shown_once(place):
    client = browser(place.first)
    form = {"name": "ERP", "client": "Books", "scopes": ["rounds:read"], "days": "30"}

    sent_on = client.post(page("key_list"), form)
    assert (sent_on.status_code, sent_on["Location"]) == (302, page("key_list"))
    made = client.get(page("key_list"))
    secret = re.search(r"fck_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", made.content.decode())[0]

    assert secret not in client.get(page("key_list")).content.decode()
    assert secret not in str(dict(client.session))
    assert ApiKey.objects.count() == 1
    assert client.get("/api/v1/rounds", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    client.post(page("key_revoke", ApiKey.objects.get().pk))
    assert client.get("/api/v1/rounds", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert client.post(page("key_list"), {**form, "days": "9999"}).status_code == 400


def test_whoever_has_a_second_factor_proves_it_before_a_key_is_made(place):
    TOTP.activate(place.first, "JBSWY3DPEHPK3PXP")
    form = {"name": "ERP", "client": "Books", "scopes": ["rounds:read"], "days": "30"}

    # Asked before the form is shown: a filled form would be lost on the way to the code.
    way = f"{reverse('mfa_reauthenticate')}?{urlencode({'next': page('key_list')})}"
    assert browser(place.first).get(page("key_list"))["Location"] == way
    assert "Make the key" in browser(place.first, mfa_seconds_ago=1).get(page("key_list")).content.decode()
    answer = browser(place.first).post(page("key_list"), form)
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert not ApiKey.objects.exists()

    browser(place.first, mfa_seconds_ago=1).post(page("key_list"), form)
    assert ApiKey.objects.count() == 1
