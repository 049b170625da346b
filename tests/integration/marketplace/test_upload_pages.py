"""An upload's five steps as a seller meets them."""

import io
import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace import ingest
from marketplace.models import DataRequest, Dataset, DatasetVersion, Membership, Role, Submission, UploadDraft
from marketplace.selectors.uploads import example_rows
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_draft, make_submission, make_version
from tests.factories.requests import BAD_CSV, GOOD_CSV, SCHEMA, make_request

pytestmark = pytest.mark.django_db

EUROPEAN = "Alter;Gain;Sex;Income;Strasse\n39,5;1;male;>50K;Hauptstraße\n50;;FEMALE;<=50K;Ring\n".encode("latin-1")
PAGES = ("upload_draft", "upload_reading", "upload_columns", "upload_check")
STEPS = ("upload_reading", "upload_columns", "upload_relax", "upload_submit", "upload_discard")


def signed_in(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


def text_of(response):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def url(name, draft):
    return reverse(f"marketplace:{name}", args=[draft.pk])


def hidden_fields(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))


def upload(client, request, data=GOOD_CSV, *, name="Census extract", filename="census.csv", headers=None, **fields):
    page = client.get(reverse("marketplace:upload", args=[request.pk]))
    file = SimpleUploadedFile(filename, data)
    given = {**hidden_fields(page), "name": name, "file": file, **fields}
    return client.post(page.request["PATH_INFO"], given, headers=headers)


def stored():
    root = Path(default_storage.location)
    files = {str(path) for path in root.rglob("*") if path.is_file()}
    return files, [model.objects.count() for model in (Dataset, DatasetVersion, UploadDraft)]


def test_a_file_that_fits_is_uploaded_looked_at_and_submitted_as_a_browser_does():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller, enforce_csrf_checks=True)

    response = upload(client, request)
    draft = UploadDraft.objects.get()
    assert response.status_code == 302
    assert response["Location"] == url("upload_check", draft)
    page = client.get(response["Location"])
    text = text_of(page)
    assert "3 rows, no problem." in text
    assert "Submit 3 rows?" in text
    assert "You can withdraw it while the request is open" in text
    assert "age 0 38 42.33 50 0 to 120" in text

    token = hidden_fields(page)["csrfmiddlewaretoken"]
    response = client.post(url("upload_submit", draft), {"csrfmiddlewaretoken": token}, follow=True)
    version = Submission.objects.get().version
    assert response.redirect_chain == [(reverse("marketplace:version_detail", args=[version.pk]), 302)]
    assert "Census extract, version 1 is submitted." in text_of(response)
    assert "CSV, columns separated by commas (,), UTF-8" in text_of(response)
    assert "Withdraw this version?" in text_of(response)


def test_a_script_is_told_where_to_go_on():
    client = signed_in(make_member(Role.SELLER))

    response = upload(client, make_request(), headers={"X-Requested-With": "XMLHttpRequest"})

    assert response.status_code == 201
    assert response.json() == {"location": url("upload_check", UploadDraft.objects.get())}


def test_a_foreign_file_is_mended_step_by_step():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)
    response = upload(client, request, EUROPEAN)
    draft = UploadDraft.objects.get()

    assert response["Location"] == url("upload_reading", draft)
    page = client.get(response["Location"])
    assert "Hauptstraße" in text_of(page)
    chosen = re.findall(r'<option value="([^"]*)" selected', page.content.decode())
    assert chosen == [";", "cp1252", ","]
    options = {"delimiter": ";", "encoding": "iso-8859-1", "decimal": ",", "header": "on"}
    again = client.post(url("upload_reading", draft), {**options, "preview": "1"})
    assert again["Location"] == url("upload_reading", draft)
    response = client.post(url("upload_reading", draft), options)

    assert response["Location"] == url("upload_columns", draft)
    page = client.get(response["Location"])
    text = text_of(page)
    assert "Alter (39,5, 50)" in text
    assert "Left out, as nobody asks for them: Alter, Strasse." in text
    chosen = re.findall(r'<option value="([^"]*)" selected', page.content.decode())
    assert chosen == ["", "1", "2", "3"]
    refused = client.post(
        url("upload_columns", draft), {"column_0": "", "column_1": "1", "column_2": "2", "column_3": "2"}
    )
    assert refused.status_code == 422
    assert "Choose the column of your file that holds it" in text_of(refused)
    assert "This column is matched to sex already." in text_of(refused)
    columns = {"column_0": "0", "column_1": "1", "column_2": "2", "column_3": "3"}
    response = client.post(url("upload_columns", draft), columns)

    assert response["Location"] == url("upload_check", draft)
    page = text_of(client.get(response["Location"]))
    assert "2 problems to mend" in page
    assert "Read these categories whatever their case and spaces? sex : “male” as “Male”, “FEMALE” as “Female”" in page
    assert "“Alter” is age" in page
    assert "Left out Strasse" in page
    assert client.post(url("upload_submit", draft)).status_code == 302
    assert not Submission.objects.exists()

    response = client.post(url("upload_relax", draft), {"column": "sex"})
    assert "2 rows, no problem." in text_of(client.get(response["Location"]))
    client.post(url("upload_submit", draft))
    version = Submission.objects.get().version
    assert version.profile["columns"][0]["maximum"] == 50.0
    assert version.reading["delimiter"] == ";"


def test_problems_are_listed_and_a_corrected_file_says_what_it_mends():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)

    text = text_of(client.get(upload(client, request, BAD_CSV)["Location"]))
    assert re.search(r"census.csv ?: 2 problems to mend", text)
    assert re.search(r"Row 2 ?, column age ?, holds old “old” is not a number.", text)
    assert "Perhaps “Female” is meant. Allowed: Female, Male." in text
    assert "Submit 2 rows" not in text

    text = text_of(client.get(upload(client, request, BAD_CSV.replace(b"old", b"40"))["Location"]))
    assert "Compared with census.csv Of the problems listed before, 1 is mended and 1 is left; 0 are new." in text
    assert "Values of the wrong type 1 0 Unknown categories 1 1" in text


def test_an_upload_goes_on_where_it_was_left():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)
    upload(client, request, EUROPEAN)
    draft = UploadDraft.objects.get()

    page = client.get(reverse("marketplace:upload", args=[request.pk]))

    assert "Uploads to finish" in text_of(page)
    assert url("upload_draft", draft) in page.content.decode()
    assert client.get(url("upload_draft", draft))["Location"] == url("upload_reading", draft)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"PK\x03\x04", b"PAR1" + b"\xff" * 100, b'"', b"\x1f\x8b\x08\x00"]
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(data):
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, data)

    assert response.status_code == 422
    assert "1 problem to mend" in text_of(response)
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
    assert "There is something to mend" in text_of(response)
    assert stored()[1] == before[1]


def test_a_missing_file_is_a_form_error():
    request, seller = make_request(), make_member(Role.SELLER)

    response = signed_in(seller).post(
        reverse("marketplace:upload", args=[request.pk]), {"name": "x", "organization": organization_of(seller).pk}
    )

    assert response.status_code == 422
    assert "File: Choose a file." in text_of(response)


def test_a_body_over_the_limit_gets_a_page_and_leaves_nothing(settings):
    settings.FAIRCUT_UPLOAD_MAX_BYTES = 1_000_000
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    response = upload(signed_in(seller), request, GOOD_CSV + b"1,1,Male,>50K\n" * 400_000)

    assert response.status_code == 413
    assert "A file may hold up to 976.6\xa0KB." in response.content.decode()
    assert stored() == before


def test_the_limits_are_said_before_the_upload():
    page = text_of(signed_in(make_member(Role.SELLER)).get(reverse("marketplace:upload", args=[make_request().pk])))

    assert "CSV or Parquet, up to 50.0\xa0MB, 1\u202f000\u202f000 rows and 1\u202f000 columns." in page.replace(
        " MB", "\xa0MB"
    ).replace("1 000 000", "1\u202f000\u202f000").replace("1 000 c", "1\u202f000 c")


def test_the_quota_is_a_sentence_on_the_form(settings):
    settings.FAIRCUT_DRAFTS_PER_DAY = 0

    response = upload(signed_in(make_member(Role.SELLER)), make_request())

    assert response.status_code == 429
    assert "has uploaded 0 files in the last 24 hours, which is the most. Wait some hours" in text_of(response)


def test_a_person_of_two_organisations_chooses_one():
    seller, other = make_member(Role.SELLER), make_organization()
    Membership.objects.create(user=seller, organization=other, role=Role.SELLER)

    upload(signed_in(seller), make_request(), organization=other.pk)

    assert UploadDraft.objects.get().organization == other


def test_a_closed_request_takes_no_upload_and_no_submission():
    seller = make_member(Role.SELLER)
    submission = make_submission(seller=seller)
    request, client = submission.request, signed_in(seller)
    draft = make_draft(seller=seller, request=request, data=GOOD_CSV + b"2,2,Male,>50K\n")
    upload_url = reverse("marketplace:upload", args=[request.pk])
    request_url = reverse("marketplace:request_detail", args=[request.pk])
    version_url = reverse("marketplace:version_detail", args=[submission.version_id])
    DataRequest.objects.update(state=DataRequest.State.CLOSED)

    file = SimpleUploadedFile("a.csv", GOOD_CSV + b"1,1,Male,>50K\n")
    fields = {"organization": organization_of(seller).pk, "name": "x", "file": file}
    for response in (client.get(upload_url), client.post(upload_url, fields), client.post(url("upload_submit", draft))):
        assert response["Location"] == request_url
    response = client.post(reverse("marketplace:version_withdraw", args=[submission.version_id]), follow=True)
    assert response.redirect_chain == [(version_url, 302)]
    assert "is closed and takes no data now" in text_of(response)
    assert DatasetVersion.objects.count() == 1
    assert Submission.objects.get().state == Submission.State.ACCEPTED


def test_the_same_file_again_leads_to_its_version():
    request, seller = make_request(), make_member(Role.SELLER)
    version = make_version(request=request, seller=seller)
    client = signed_in(seller)

    response = upload(client, request)

    assert response["Location"] == reverse("marketplace:version_detail", args=[version.pk])
    assert "This file is Census extract, version 1 already." in text_of(client.get(response["Location"]))


def test_a_version_page_leads_to_its_next_version():
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)
    client = signed_in(seller)

    page = client.get(reverse("marketplace:version_detail", args=[version.pk]))
    assert "becomes version 2" in text_of(page)
    [link] = re.findall(r'href="([^"]*/upload/\?name=[^"]*)"', page.content.decode())
    assert 'value="Census extract"' in client.get(link).content.decode()


def test_another_sellers_upload_does_not_exist_for_you():
    draft = make_draft()
    stranger = signed_in(make_member(Role.SELLER))

    for name in PAGES:
        assert stranger.get(url(name, draft)).status_code == 404
    for name in STEPS:
        assert stranger.post(url(name, draft)).status_code == 404
    assert UploadDraft.objects.get().is_open


@pytest.mark.parametrize("name", ["upload_relax", "upload_submit", "upload_discard"])
def test_changes_need_a_post(name):
    seller = make_member(Role.SELLER)

    assert signed_in(seller).get(url(name, make_draft(seller=seller))).status_code == 405


def test_a_discarded_upload_is_gone():
    seller = make_member(Role.SELLER)
    draft, client = make_draft(seller=seller), signed_in(seller)

    response = client.post(url("upload_discard", draft), follow=True)

    assert "census.csv is discarded." in text_of(response)
    assert client.get(url("upload_draft", draft)).status_code == 404


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        ("get", "upload_reading"),
        ("post", "upload_reading"),
        ("get", "upload_columns"),
        ("post", "upload_columns"),
        ("post", "upload_relax"),
    ],
)
def test_an_upload_whose_file_vanished_says_so_and_what_to_do(ask, name):
    seller = make_member(Role.SELLER)
    draft, client = make_draft(seller=seller, data=EUROPEAN), signed_in(seller)
    default_storage.delete(draft.original.name)
    fields = {"delimiter": ",", "encoding": "utf-8", "decimal": ".", "header": "on"}

    response = getattr(client, ask)(url(name, draft), fields, follow=True)

    assert response.status_code == 200
    assert "The stored file of census.csv is gone, so the upload cannot go on. Upload the file again." in (
        text_of(response)
    )
    client.post(url("upload_discard", draft))
    assert not UploadDraft.objects.get().is_open


def test_the_request_says_to_sellers_how_it_pays_and_shows_rows_that_fit():
    page = signed_in(make_member(Role.SELLER)).get(reverse("marketplace:request_detail", args=[make_request().pk]))

    assert "How it pays" in text_of(page)
    assert "not by how many rows there are" in text_of(page)
    header = ",".join(column["name"] for column in SCHEMA["columns"])
    rows = [",".join(row) for row in example_rows(SCHEMA)]
    assert rows == ["30,2,Female,<=50K", "60,5,Male,>50K", "90,,Female,<=50K"]
    found = ingest.check(
        io.BytesIO("\n".join([header, *rows]).encode()), filename="a.csv", schema=ingest.TableSchema.from_json(SCHEMA)
    )
    assert isinstance(found, ingest.Checked)


def test_buyers_are_not_told_how_sellers_are_paid():
    buyer = make_member(Role.BUYER)
    request = make_request(buyer=organization_of(buyer))

    assert "How it pays" not in text_of(signed_in(buyer).get(reverse("marketplace:request_detail", args=[request.pk])))


def test_a_house_that_buys_and_sells_is_told_that_nobody_sells_to_themselves():
    seller = make_member(Role.SELLER)
    request = make_request(buyer=organization_of(seller))

    client = signed_in(seller)
    own, other = (
        text_of(client.get(reverse("marketplace:request_detail", args=[one.pk]))) for one in (request, make_request())
    )
    for words in ("Upload a file", "How it pays"):
        assert words not in own
        assert words in other
    before = stored()

    response = upload(client, request)

    assert response.status_code == 409
    assert "belongs to the buyer of “Rows that tell high earners”, and nobody sells to themselves." in text_of(response)
    assert stored() == before


def test_the_back_button_after_submitting_leads_to_the_dataset():
    seller = make_member(Role.SELLER)
    draft, client = make_draft(seller=seller), signed_in(seller)
    first = client.post(url("upload_submit", draft))

    for response in (client.get(url("upload_check", draft)), client.post(url("upload_submit", draft))):
        assert response["Location"] == first["Location"] == reverse("marketplace:version_detail", args=[draft.pk])
    assert Submission.objects.count() == 1
    assert signed_in(make_member(Role.SELLER)).get(url("upload_check", draft)).status_code == 404


def test_the_same_file_under_a_second_name_is_warned_of_before_it_is_submitted():
    seller, request = make_member(Role.SELLER), make_request()
    make_version(seller=seller, request=request)
    warning = "The same file as Census extract, version 1"
    again = make_draft(seller=seller, request=request, name="Again the same")
    other = make_draft(seller=seller, request=request, name="Other rows", data=GOOD_CSV + b"1,1,Male,>50K\n")

    page = text_of(signed_in(seller).get(url("upload_check", again)))
    assert warning in page
    assert "becomes version 1 of “Again the same”" in page
    assert warning not in text_of(signed_in(seller).get(url("upload_check", other)))


def test_a_withdrawn_dataset_says_so_and_home_asks_for_nothing():
    seller = make_member(Role.SELLER)
    submission, client = make_submission(seller=seller), signed_in(seller)
    address = reverse("marketplace:version_detail", args=[submission.version_id])
    assert "Last submitted" not in text_of(client.get(address))

    client.post(reverse("marketplace:version_withdraw", args=[submission.version_id]))

    page, home = text_of(client.get(address)), text_of(client.get("/"))
    assert "Withdrawn" in page
    assert "Submit again" in page
    assert "It counts once you submit it." not in page
    assert "is checked and not submitted" not in home
    assert "Withdrawn" in home
