"""The marketplace's pages, as each role meets them."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace.models import DataRequest, Dataset, DatasetVersion, Membership, Role, Submission
from tests.factories.accounts import make_member, make_organization, make_user, organization_of
from tests.factories.datasets import make_submission, make_version
from tests.factories.requests import BAD_CSV, GOOD_CSV, make_request

pytestmark = pytest.mark.django_db


def signed_in(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


def text_of(response):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def upload(client, request, data=GOOD_CSV, *, name="Census extract", filename="census.csv", **fields):
    page = client.get(reverse("marketplace:upload", args=[request.pk]))
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    file = SimpleUploadedFile(filename, data)
    return client.post(page.request["PATH_INFO"], {**hidden, "name": name, "file": file, **fields})


def stored():
    root = Path(default_storage.location)
    files = {str(path) for path in root.rglob("*") if path.is_file()}
    return files, Dataset.objects.count(), DatasetVersion.objects.count()


def test_stranger_reads_what_faircut_is_and_may_sign_in():
    response = Client().get("/")

    assert response.status_code == 200
    assert "Paid for what your data adds" in text_of(response)
    assert reverse("account_login") in response.content.decode()


@pytest.mark.parametrize("name", ["request_detail", "request_template", "upload", "version_detail"])
def test_strangers_are_sent_to_sign_in(name):
    version = make_version()
    url = reverse(f"marketplace:{name}", args=[version.pk if "version" in name else version.dataset.request_id])

    response = Client().get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_seller_uploads_looks_and_submits_as_a_browser_does():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller, enforce_csrf_checks=True)

    response = upload(client, request)
    version = DatasetVersion.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("marketplace:version_detail", args=[version.pk])
    page = client.get(response["Location"])
    assert "It counts once you submit it." in text_of(page)
    assert "census.csv is stored as Census extract, version 1. It has no problems." in text_of(page)

    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.content.decode()).group(1)
    client.post(reverse("marketplace:version_submit", args=[version.pk]), {"csrfmiddlewaretoken": token})
    assert Submission.objects.get().version == version
    page = client.get(response["Location"])
    assert "Withdraw this version?" in text_of(page)

    client.post(reverse("marketplace:version_withdraw", args=[version.pk]), {"csrfmiddlewaretoken": token})
    assert Submission.objects.get().state == Submission.State.WITHDRAWN


def test_upload_without_csrf_token_is_refused():
    request, before = make_request(), stored()
    client = signed_in(make_member(Role.SELLER), enforce_csrf_checks=True)

    response = client.post(
        reverse("marketplace:upload", args=[request.pk]), {"name": "x", "file": SimpleUploadedFile("a.csv", GOOD_CSV)}
    )

    assert response.status_code == 403
    assert stored()[1:] == before[1:]


def test_problems_are_listed_and_nothing_is_stored():
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, BAD_CSV)

    assert response.status_code == 422
    text = text_of(response)
    assert "census.csv : 2 problems to mend" in text.replace("census.csv:", "census.csv :")
    assert "Row 2 , column age , holds old “old” is not a number." in text.replace("2,", "2 ,").replace("age,", "age ,")
    assert "Perhaps “Female” is meant. Allowed: Female, Male." in text
    assert stored() == before


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 100, b"PK\x03\x04", GOOD_CSV.replace(b",", b";"), b"PAR1" + b"\xff" * 100, b"a\n1\n", b'"'],
)
def test_bad_files_are_never_a_server_error(data):
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    assert upload(signed_in(seller), request, data).status_code == 422
    assert stored() == before


def test_a_script_in_a_file_is_shown_as_text():
    response = upload(signed_in(make_member(Role.SELLER)), make_request(), b"age,<script>alert(1)</script>\n1,2\n")

    assert response.status_code == 422
    assert b"<script>alert(1)" not in response.content
    assert b"&lt;script&gt;alert(1)" in response.content


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 121}, {"name": "a\x00b"}, {"organization": "999999"}])
def test_form_errors(fields):
    request, before = make_request(), stored()

    response = upload(signed_in(make_member(Role.SELLER)), request, **fields)

    assert response.status_code == 422
    assert "There is something to mend" in text_of(response)
    assert stored()[1:] == before[1:]


def test_missing_file_is_a_form_error():
    request, seller = make_request(), make_member(Role.SELLER)

    response = signed_in(seller).post(
        reverse("marketplace:upload", args=[request.pk]), {"name": "x", "organization": organization_of(seller).pk}
    )

    assert response.status_code == 422
    assert "File: This field is required." in text_of(response)


def test_body_over_the_limit_gets_a_page_and_leaves_nothing(settings):
    settings.FAIRCUT_UPLOAD_MAX_BYTES = 1_000_000
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, GOOD_CSV + b"1,1,Male,>50K\n" * 400_000)

    assert response.status_code == 413
    assert "A file may hold up to 976.6\xa0KB." in response.content.decode()
    assert stored() == before


def test_person_of_two_organisations_chooses_one():
    seller, other = make_member(Role.SELLER), make_organization()
    Membership.objects.create(user=seller, organization=other, role=Role.SELLER)

    upload(signed_in(seller), make_request(), organization=other.pk)

    assert Dataset.objects.get().organization == other


def test_closed_request_takes_no_upload_and_no_submission():
    seller = make_member(Role.SELLER)
    submission = make_submission(seller=seller)
    request, client = submission.request, signed_in(seller)
    upload_url = reverse("marketplace:upload", args=[request.pk])
    version_url = reverse("marketplace:version_detail", args=[submission.version_id])
    DataRequest.objects.update(state=DataRequest.State.CLOSED)

    for response in (
        client.get(upload_url),
        client.post(
            upload_url,
            {
                "organization": organization_of(seller).pk,
                "name": "x",
                "file": SimpleUploadedFile("a.csv", GOOD_CSV + b"1,1,Male,>50K\n"),
            },
        ),
    ):
        assert response["Location"] == reverse("marketplace:request_detail", args=[request.pk])
    response = client.post(reverse("marketplace:version_withdraw", args=[submission.version_id]), follow=True)
    assert response.redirect_chain == [(version_url, 302)]
    assert "is closed and takes no data now" in text_of(response)
    assert DatasetVersion.objects.count() == 1
    assert Submission.objects.get().state == Submission.State.ACCEPTED


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
    assert version.dataset.organization.name not in text_of(page)
    assert str(version) not in text_of(stranger.get("/"))


def test_buyers_see_their_requests_with_totals_and_no_seller():
    buyer = make_member(Role.BUYER)
    request = make_request(buyer=organization_of(buyer))
    submission = make_submission(request=request)
    client = signed_in(buyer)

    page = text_of(client.get(reverse("marketplace:request_detail", args=[request.pk])))

    assert "3 rows of 1 seller" in page
    assert submission.organization.name not in page
    assert client.get(reverse("marketplace:version_detail", args=[submission.version_id])).status_code == 403
    assert client.get(reverse("marketplace:upload", args=[request.pk])).status_code == 403
    other = signed_in(make_member(Role.BUYER))
    assert other.get(reverse("marketplace:request_detail", args=[request.pk])).status_code == 404


def test_operators_see_all_metadata_and_change_nothing():
    submission = make_submission()
    client = signed_in(make_member(Role.OPERATOR))

    request_page = text_of(client.get(reverse("marketplace:request_detail", args=[submission.request_id])))
    version_page = text_of(client.get(reverse("marketplace:version_detail", args=[submission.version_id])))

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
    assert "No request" in text_of(client.get(reverse("marketplace:request_list")))


def test_person_without_a_role_sees_no_request():
    request = make_request()
    client = signed_in(make_user())

    assert "You have no role yet" in text_of(client.get("/"))
    assert client.get(reverse("marketplace:request_detail", args=[request.pk])).status_code == 404


def test_request_page_says_what_is_wanted():
    page = text_of(
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

    page = text_of(signed_in(seller).get(reverse("marketplace:version_detail", args=[version.pk])))

    assert "age 0 38 42.33 50" in page
    assert "gain 1 0 1 087 2 174" in page
    assert "sex : 2 categories, 0 empty cells" in page.replace("sex:", "sex :")
    assert "Male 2 Female 1" in page


def test_home_lists_the_last_version_of_each_dataset_and_what_is_submitted():
    seller, request = make_member(Role.SELLER), make_request()
    make_submission(seller=seller, request=request)
    make_version(seller=seller, request=request, data=GOOD_CSV + b"1,1,Male,>50K\n")

    page = text_of(signed_in(seller).get("/"))

    assert "Census extract, version 2" in page
    assert "Submitted version 1" in page
    assert "Census extract, version 1" not in page


@pytest.mark.parametrize("role", [Role.SELLER, Role.BUYER, Role.OPERATOR])
def test_list_pages_ask_no_more_for_more_requests(role, django_assert_max_num_queries):
    person = make_member(role)
    for _ in range(8):
        request = make_request(buyer=organization_of(person))
        if role == Role.SELLER:
            make_submission(seller=person, request=request)
    client = signed_in(person)

    for url in ("/", reverse("marketplace:request_list")):
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200


def test_account_pages_speak_as_the_site_does():
    client = signed_in(make_member(Role.SELLER))

    assert "Change the password" in text_of(client.get(reverse("account_change_password")))
    assert "To change that, ask the marketplace's operators." in text_of(client.get(reverse("account_email")))
