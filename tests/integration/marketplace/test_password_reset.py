import re

import pytest
from django.urls import reverse

from marketplace.models import Role
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db


def test_a_forgotten_password_is_replaced_by_a_link_in_an_e_mail(client, mailoutbox):
    make_member(Role.SELLER, email="forgetful@example.com")

    client.post(reverse("account_reset_password"), {"email": "forgetful@example.com"})

    assert [mail.to for mail in mailoutbox] == [["forgetful@example.com"]]
    path = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", mailoutbox[0].body).group(1)
    form = client.get(path, follow=True)
    new = "a-quite-new-password-2026"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    client.post(reverse("account_login"), {"login": "forgetful@example.com", "password": new})
    assert "_auth_user_id" in client.session


def test_a_strangers_address_gets_the_same_page(client):
    response = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"}, follow=True)

    assert response.status_code == 200
    assert "nobody@example.com" not in response.content.decode()
