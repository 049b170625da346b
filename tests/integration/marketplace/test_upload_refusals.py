"""Files and forms that an upload refuses: told in words, with nothing stored and no error of the server."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from marketplace.models import Role, Submission, UploadDraft
from tests.factories.accounts import make_member, organization_of
from tests.factories.requests import BAD_CSV, GOOD_CSV, make_request
from tests.integration.marketplace.uploading import EUROPEAN, PAGES, signed_in, stored, upload, url
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"PK\x03\x04", b"PAR1" + b"\xff" * 100, b'"', b"\x1f\x8b\x08\x00"]
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(data):
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, data)

    assert response.status_code == 422
    assert "1 problem to mend" in words_of(response)
    assert stored() == before


@pytest.mark.parametrize(
    "data",
    [
        *(BAD_CSV, EUROPEAN, b"a\n1\n", b"1,2\n3,4\n", b",,\n1,2,3\n"),
        *(b"age\n" + b"x\n" * 1000, b"age,age,age,age\n1,2,3,4\n"),
        *("Ünï;cödé\n1;2\n".encode(code) for code in ("utf-16", "cp1252")),
        b"age,gain,sex,income\n" + b'"' + b"x" * 2000,
    ],
)  # fmt: skip
def test_no_step_of_a_bad_file_is_a_server_error(data):
    client, request = signed_in(make_member(Role.SELLER)), make_request()

    response = upload(client, request, data)

    assert response.status_code in {302, 422}
    draft = UploadDraft.objects.first()
    if draft is not None:
        for values in ({}, {"delimiter": "|", "encoding": "utf-16", "decimal": ","}, {"delimiter": "x"}):
            assert client.post(url("upload_reading", draft), values).status_code in {302, 422}
        for values in ({}, {f"column_{at}": str(at) for at in range(4)}, {"column_0": "99999999999", "column_1": "-1"}):
            assert client.post(url("upload_columns", draft), values).status_code in {302, 422}
        assert client.post(url("upload_relax", draft), {"column": ["sex", "no such column", ""]}).status_code == 302
        for name in PAGES:
            assert client.get(url(name, draft)).status_code in {200, 302}
    assert not Submission.objects.exists()


def test_a_script_in_a_file_is_shown_as_text():
    client = signed_in(make_member(Role.SELLER))

    response = upload(client, make_request(), b"age,<script>alert(1)</script>\n<b>,2\n", filename="<i>.csv")
    draft = UploadDraft.objects.get()
    client.post(url("upload_columns", draft), {"column_0": "0", "column_2": "1", "column_3": ""})

    assert response.status_code == 302
    for name in PAGES:
        content = client.get(url(name, draft), follow=True).content
        assert b"<script>alert(1)" not in content
        assert b"<b>" not in content
        assert b"<i>.csv" not in content


def test_an_upload_without_csrf_token_is_refused():
    request, before = make_request(), stored()
    client = signed_in(make_member(Role.SELLER), enforce_csrf_checks=True)

    response = client.post(
        reverse("marketplace:upload", args=[request.pk]), {"name": "x", "file": SimpleUploadedFile("a.csv", GOOD_CSV)}
    )

    assert response.status_code == 403
    assert stored()[1] == before[1]


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 121}, {"name": "a\x00b"}, {"organization": "999999"}])
def test_form_errors(fields):
    request, before = make_request(), stored()

    response = upload(signed_in(make_member(Role.SELLER)), request, **fields)

    assert response.status_code == 422
    assert "There is something to mend" in words_of(response)
    assert stored()[1] == before[1]


def test_a_missing_file_is_a_form_error():
    request, seller = make_request(), make_member(Role.SELLER)

    response = signed_in(seller).post(
        reverse("marketplace:upload", args=[request.pk]), {"name": "x", "organization": organization_of(seller).pk}
    )

    assert response.status_code == 422
    assert "File: Choose a file." in words_of(response)


def test_a_body_over_the_limit_gets_a_page_and_leaves_nothing(settings):
    settings.FAIRCUT_UPLOAD_MAX_BYTES = 1_000_000
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, GOOD_CSV + b"1,1,Male,>50K\n" * 400_000)

    assert response.status_code == 413
    assert "A file may hold up to 976.6\xa0KB." in response.content.decode()
    assert stored() == before


def test_the_limits_are_said_before_the_upload():
    page = words_of(signed_in(make_member(Role.SELLER)).get(reverse("marketplace:upload", args=[make_request().pk])))

    assert "CSV or Parquet, up to 50.0\xa0MB, 1\u202f000\u202f000 rows and 1\u202f000 columns." in page.replace(
        " MB", "\xa0MB"
    ).replace("1 000 000", "1\u202f000\u202f000").replace("1 000 c", "1\u202f000 c")


def test_the_quota_is_a_sentence_on_the_form(settings):
    settings.FAIRCUT_DRAFTS_PER_DAY = 0

    response = upload(signed_in(make_member(Role.SELLER)), make_request())

    assert response.status_code == 429
    assert "has uploaded 0 files in the last 24 hours, which is the most. Wait some hours" in words_of(response)
