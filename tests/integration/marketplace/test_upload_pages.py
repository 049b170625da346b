"""An upload's five steps as a seller meets them."""

import re

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from marketplace.models import DataRequest, DatasetVersion, Membership, Role, Submission, UploadDraft
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_draft, make_submission, make_version
from tests.factories.requests import BAD_CSV, GOOD_CSV, make_request
from tests.integration.marketplace.uploading import EUROPEAN, PAGES, STEPS, hidden_fields, signed_in, upload, url
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


def test_a_file_that_fits_is_uploaded_looked_at_and_submitted_as_a_browser_does():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller, enforce_csrf_checks=True)

    response = upload(client, request)
    draft = UploadDraft.objects.get()
    assert response.status_code == 302
    assert response["Location"] == url("upload_check", draft)
    page = client.get(response["Location"])
    text = words_of(page)
    assert "3 rows, no problem." in text
    assert "Submit 3 rows?" in text
    assert "You can withdraw it while the request is open" in text
    assert "age 0 38 42.33 50 0 to 120" in text

    token = hidden_fields(page)["csrfmiddlewaretoken"]
    response = client.post(url("upload_submit", draft), {"csrfmiddlewaretoken": token}, follow=True)
    version = Submission.objects.get().version
    assert response.redirect_chain == [(reverse("marketplace:version_detail", args=[version.pk]), 302)]
    assert "Census extract, version 1 is submitted." in words_of(response)
    assert "CSV, columns separated by commas (,), UTF-8" in words_of(response)
    assert "Withdraw this version?" in words_of(response)


def test_a_decimal_mark_that_no_number_tells_is_asked_before_the_file_is_checked():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)
    response = upload(client, request, GOOD_CSV.replace(b",", b";").replace(b"39;", b"39,101;"))
    draft = UploadDraft.objects.get()

    assert response["Location"] == url("upload_reading", draft)
    page = client.get(response["Location"])
    assert "“39,101” may be 39101 or 39.101: every number with a mark has exactly three digits" in words_of(page)
    options = {"delimiter": ";", "encoding": "utf-8", "header": "on"}
    refused = client.post(url("upload_reading", draft), {**options, "decimal": ""})
    assert refused.status_code == 422
    assert "Choose one." in words_of(refused)

    positions = {f"column_{at}": str(at) for at in range(len(request.schema["columns"]))}
    checked = client.post(url("upload_columns", draft), positions, follow=True)
    assert "Choose the decimal mark where the upload asks how the file is read" in words_of(checked)
    assert "decimal mark to be chosen" in words_of(checked)

    client.post(url("upload_reading", draft), {**options, "decimal": ","})
    checked = client.post(url("upload_columns", draft), positions, follow=True)
    assert "3 rows, no problem." in words_of(checked)


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
    assert "Hauptstraße" in words_of(page)
    chosen = re.findall(r'<option value="([^"]*)" selected', page.content.decode())
    assert chosen == [";", "cp1252", ","]
    options = {"delimiter": ";", "encoding": "iso-8859-1", "decimal": ",", "header": "on"}
    again = client.post(url("upload_reading", draft), {**options, "preview": "1"})
    assert again["Location"] == url("upload_reading", draft)
    response = client.post(url("upload_reading", draft), options)

    assert response["Location"] == url("upload_columns", draft)
    page = client.get(response["Location"])
    text = words_of(page)
    assert "Alter (39,5, 50)" in text
    assert "Left out, as nobody asks for them: Alter, Strasse." in text
    chosen = re.findall(r'<option value="([^"]*)" selected', page.content.decode())
    assert chosen == ["", "1", "2", "3"]
    refused = client.post(
        url("upload_columns", draft), {"column_0": "", "column_1": "1", "column_2": "2", "column_3": "2"}
    )
    assert refused.status_code == 422
    assert "Choose the column of your file that holds it" in words_of(refused)
    assert "This column is matched to sex already." in words_of(refused)
    columns = {"column_0": "0", "column_1": "1", "column_2": "2", "column_3": "3"}
    response = client.post(url("upload_columns", draft), columns)

    assert response["Location"] == url("upload_check", draft)
    page = words_of(client.get(response["Location"]))
    assert "2 problems to mend" in page
    assert "Read these categories whatever their case and spaces? sex: “male” as “Male”, “FEMALE” as “Female”" in page
    assert "“Alter” is age" in page
    assert "Left out Strasse" in page
    assert client.post(url("upload_submit", draft)).status_code == 302
    assert not Submission.objects.exists()

    response = client.post(url("upload_relax", draft), {"column": "sex"})
    assert "2 rows, no problem." in words_of(client.get(response["Location"]))
    client.post(url("upload_submit", draft))
    version = Submission.objects.get().version
    assert version.profile["columns"][0]["maximum"] == 50.0
    assert version.reading["delimiter"] == ";"


def test_a_column_that_the_file_lacks_is_named_and_a_corrected_file_is_a_way_out():
    request = make_request()
    client = signed_in(make_member(Role.SELLER))
    without_income = b"".join(row.rpartition(b",")[0] + b"\n" for row in GOOD_CSV.splitlines())
    columns = upload(client, request, without_income)["Location"]
    draft = UploadDraft.objects.get()
    assert columns == url("upload_columns", draft)

    page = client.get(columns)
    text = words_of(page)
    assert (
        "The buyer wants 4 columns, your file has 3. No column of your file looks like income: choose one, or" in text
    )
    assert f'action="{url("upload_discard", draft)}"' in page.content.decode()
    assert 'enctype="multipart/form-data"' in page.content.decode()

    fields = hidden_fields(page) | {"file": SimpleUploadedFile("census.csv", GOOD_CSV)}
    corrected = client.post(reverse("marketplace:upload", args=[request.pk]), fields, follow=True)
    assert "3 rows, no problem." in words_of(corrected)


def test_a_file_whose_columns_are_all_found_is_told_of_none_that_it_lacks():
    client = signed_in(make_member(Role.SELLER))
    upload(client, make_request(), GOOD_CSV)

    page = client.get(url("upload_columns", UploadDraft.objects.get()))

    assert "looks like" not in words_of(page)
    assert "Upload a corrected file" not in words_of(page)


def test_problems_are_listed_and_a_corrected_file_says_what_it_mends():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)

    text = words_of(client.get(upload(client, request, BAD_CSV)["Location"]))
    assert re.search(r"census.csv ?: 2 problems to mend", text)
    assert re.search(r"Row 2 ?, column age ?, holds old “old” is not a number.", text)
    assert "Perhaps “Female” is meant. Allowed: Female, Male." in text
    assert "Submit 2 rows" not in text

    text = words_of(client.get(upload(client, request, BAD_CSV.replace(b"old", b"40"))["Location"]))
    assert "Compared with census.csv Of the problems listed before, 1 is mended and 1 is left; 0 are new." in text
    assert "Values of the wrong type 1 0 Unknown categories 1 1" in text


def test_an_upload_goes_on_where_it_was_left():
    request, seller = make_request(), make_member(Role.SELLER)
    client = signed_in(seller)
    upload(client, request, EUROPEAN)
    draft = UploadDraft.objects.get()

    page = client.get(reverse("marketplace:upload", args=[request.pk]))

    assert "Uploads to finish" in words_of(page)
    assert url("upload_draft", draft) in page.content.decode()
    assert client.get(url("upload_draft", draft))["Location"] == url("upload_reading", draft)


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
    assert "is closed and takes no data now" in words_of(response)
    assert DatasetVersion.objects.count() == 1
    assert Submission.objects.get().state == Submission.State.ACCEPTED


def test_the_same_file_again_leads_to_its_version():
    request, seller = make_request(), make_member(Role.SELLER)
    version = make_version(request=request, seller=seller)
    client = signed_in(seller)

    response = upload(client, request)

    assert response["Location"] == reverse("marketplace:version_detail", args=[version.pk])
    assert "This file is Census extract, version 1 already." in words_of(client.get(response["Location"]))


def test_a_version_page_leads_to_its_next_version():
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)
    client = signed_in(seller)

    page = client.get(reverse("marketplace:version_detail", args=[version.pk]))
    assert "becomes version 2" in words_of(page)
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

    assert "census.csv is discarded." in words_of(response)
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
        words_of(response)
    )
    client.post(url("upload_discard", draft))
    assert not UploadDraft.objects.get().is_open


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

    page = words_of(signed_in(seller).get(url("upload_check", again)))
    assert warning in page
    assert "becomes version 1 of “Again the same”" in page
    assert warning not in words_of(signed_in(seller).get(url("upload_check", other)))


def test_a_withdrawn_dataset_says_so_and_home_asks_for_nothing():
    seller = make_member(Role.SELLER)
    submission, client = make_submission(seller=seller), signed_in(seller)
    address = reverse("marketplace:version_detail", args=[submission.version_id])
    assert "Last submitted" not in words_of(client.get(address))

    client.post(reverse("marketplace:version_withdraw", args=[submission.version_id]))

    page, home = words_of(client.get(address)), words_of(client.get("/"))
    assert "Withdrawn" in page
    assert "Submit again" in page
    assert "It counts once you submit it." not in page
    assert "is checked and not submitted" not in home
    assert "Withdrawn" in home
