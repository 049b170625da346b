"""The marketplace's pages, as each role meets them."""

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Role
from tests.factories.accounts import make_member, make_user, organization_of
from tests.factories.datasets import make_submission, make_version
from tests.factories.requests import GOOD_CSV, make_request
from tests.integration.marketplace.uploading import signed_in
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


def test_stranger_reads_what_faircut_is_and_may_sign_in():
    response = Client().get("/")

    assert response.status_code == 200
    assert "Paid for what your data adds" in words_of(response)
    assert reverse("account_login") in response.content.decode()


@pytest.mark.parametrize("name", ["request_detail", "request_template", "upload", "version_detail"])
def test_strangers_are_sent_to_sign_in(name):
    version = make_version()
    url = reverse(f"marketplace:{name}", args=[version.pk if "version" in name else version.dataset.request_id])

    response = Client().get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["version_submit", "version_withdraw"])
def test_submitting_needs_a_post(name):
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)

    assert signed_in(seller).get(reverse(f"marketplace:{name}", args=[version.pk])).status_code == 405


def test_another_sellers_dataset_does_not_exist_for_you():
    version = make_version()
    stranger = signed_in(make_member(Role.SELLER))

    assert stranger.get(reverse("marketplace:version_detail", args=[version.pk])).status_code == 404
    for name in ("version_submit", "version_withdraw"):
        assert stranger.post(reverse(f"marketplace:{name}", args=[version.pk])).status_code == 404
    page = stranger.get(reverse("marketplace:request_detail", args=[version.dataset.request_id]))
    assert version.dataset.organization.name not in words_of(page)
    assert str(version) not in words_of(stranger.get("/"))


def test_buyers_see_their_requests_with_totals_and_no_seller():
    buyer = make_member(Role.BUYER)
    request = make_request(buyer=organization_of(buyer))
    submission = make_submission(request=request)
    client = signed_in(buyer)

    page = words_of(client.get(reverse("marketplace:request_detail", args=[request.pk])))

    assert "Rows of fewer than 3 sellers" in page
    assert "3 rows" not in page
    assert submission.organization.name not in page
    assert client.get(reverse("marketplace:version_detail", args=[submission.version_id])).status_code == 403
    assert client.get(reverse("marketplace:upload", args=[request.pk])).status_code == 403
    other = signed_in(make_member(Role.BUYER))
    assert other.get(reverse("marketplace:request_detail", args=[request.pk])).status_code == 404


def test_operators_see_all_metadata_and_change_nothing():
    submission = make_submission()
    client = signed_in(make_member(Role.OPERATOR))

    request_page = words_of(client.get(reverse("marketplace:request_detail", args=[submission.request_id])))
    version_page = words_of(client.get(reverse("marketplace:version_detail", args=[submission.version_id])))

    assert submission.organization.name in request_page
    assert "once you submit it" not in version_page
    assert "Withdraw" not in version_page
    assert client.post(reverse("marketplace:version_submit", args=[submission.version_id])).status_code == 403


def test_drafts_and_closed_requests_are_hidden_from_sellers_without_data():
    seller = make_member(Role.SELLER)
    draft, closed = make_request(state="draft"), make_request(state="closed")
    client = signed_in(seller)

    for request in (draft, closed):
        for name in ("request_detail", "request_template", "upload"):
            assert client.get(reverse(f"marketplace:{name}", args=[request.pk])).status_code == 404
    assert "No open request" in words_of(client.get(reverse("marketplace:request_list")))


@pytest.mark.parametrize(
    ("role", "title", "way_on"),
    [
        (None, "No request for you yet", "marketplace:organization_new"),
        (Role.BUYER, "No request of yours yet", "marketplace:request_new"),
        (Role.OPERATOR, "No request yet", None),
    ],
)
def test_an_empty_list_says_what_would_stand_there_and_leads_on(role, title, way_on):
    person = make_user() if role is None else make_member(role)

    page = signed_in(person).get(reverse("marketplace:request_list"))

    assert title in words_of(page)
    assert way_on is None or f'class="button" href="{reverse(way_on)}"' in page.content.decode()


def test_a_draft_is_its_buyers_alone():
    buyer = make_member(Role.BUYER)
    draft = make_request(state="draft", buyer=organization_of(buyer), title="Not said yet")
    address = reverse("marketplace:request_detail", args=[draft.pk])

    for role in Role.values:
        stranger = signed_in(make_member(role))
        assert stranger.get(address).status_code == 404, role
        assert "Not said yet" not in words_of(stranger.get("/")) + words_of(stranger.get("/requests/")), role
    assert signed_in(buyer).get(address).status_code == 200


def test_person_without_a_role_sees_no_request():
    request = make_request()
    client = signed_in(make_user())

    assert "You have no role yet" in words_of(client.get("/"))
    assert client.get(reverse("marketplace:request_detail", args=[request.pk])).status_code == 404


def test_request_page_says_what_is_wanted():
    page = words_of(
        signed_in(make_member(Role.SELLER)).get(reverse("marketplace:request_detail", args=[make_request().pk]))
    )

    assert "Logistic regression (C = 1.0)" in page
    assert "Balanced accuracy: the share it gets right within each class" in page
    assert "age Number 0 to 120 No" in page
    assert "gain Number Any number Yes" in page
    assert "income target Category <=50K, >50K No" in page


def test_template_holds_the_header():
    response = signed_in(make_member(Role.SELLER)).get(
        reverse("marketplace:request_template", args=[make_request().pk])
    )

    assert response.content == b"age,gain,sex,income\r\n"
    assert response["Content-Disposition"] == 'attachment; filename="template.csv"'


def test_version_page_shows_the_profile():
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)

    page = words_of(signed_in(seller).get(reverse("marketplace:version_detail", args=[version.pk])))

    assert "age 0 38 42.33 50" in page
    assert "gain 1 0 1 087 2 174" in page
    assert "sex : 2 categories, 0 empty cells" in page.replace("sex:", "sex :")
    assert "Male 2 Female 1" in page


def test_home_lists_the_last_version_of_each_dataset_and_what_is_submitted():
    seller, request = make_member(Role.SELLER), make_request()
    make_submission(seller=seller, request=request)
    make_version(seller=seller, request=request, data=GOOD_CSV + b"1,1,Male,>50K\n")

    page = words_of(signed_in(seller).get("/"))

    assert "Census extract, version 2" in page
    assert "Submitted version 1" in page
    assert "Census extract, version 1" not in page


@pytest.mark.parametrize("role", [Role.SELLER, Role.BUYER, Role.OPERATOR])
def test_list_pages_ask_no_more_for_more_requests(role, django_assert_max_num_queries):
    person = make_member(role)
    for _ in range(8):
        request = make_request() if role == Role.SELLER else make_request(buyer=organization_of(person))
        if role == Role.SELLER:
            make_submission(seller=person, request=request)
    client = signed_in(person)

    for url in ("/", reverse("marketplace:request_list")):
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200


def test_account_pages_speak_as_the_site_does():
    client = signed_in(make_member(Role.SELLER))

    assert "Change the password" in words_of(client.get(reverse("account_change_password")))
    assert "To change that, ask the marketplace's operators at operators@faircut.example." in words_of(
        client.get(reverse("account_email"))
    )
