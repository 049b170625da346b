"""An upload is stored whole or not at all, once; a submitted one becomes a version under the next number."""

import hashlib
import threading
import uuid
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from marketplace.basics.errors import FaircutError, NotAllowedError
from marketplace.ingest import ReadingError
from marketplace.models import AuditEvent, DataRequest, Dataset, DatasetVersion, Role, Submission, UploadDraft
from marketplace.selectors import uploads
from marketplace.services import datasets, events, submissions, upload_drafts
from marketplace.services.datasets import DraftEndedError, DraftNotReadyError, QuotaError, RequestClosedError
from marketplace.services.uploads import UploadRefusedError
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_draft, make_version
from tests.factories.requests import BAD_CSV, GOOD_CSV, make_request

pytestmark = pytest.mark.django_db


def stored():
    """Everything an upload might leave behind: files and rows."""
    root = Path(default_storage.location)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    rows = [model.objects.count() for model in (Dataset, DatasetVersion, UploadDraft, AuditEvent)]
    return files, rows


def test_stores_original_normalised_rows_profile_and_event():
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)

    assert version.dataset.organization == organization_of(seller)
    assert (version.number, version.rows, version.size_bytes) == (1, 3, len(GOOD_CSV))
    assert version.sha256 == hashlib.sha256(GOOD_CSV).hexdigest()
    with version.original.open() as original:
        assert original.read() == GOOD_CSV
    assert version.original.name == f"originals/{version.pk}.csv"
    with version.parquet.open() as parquet:
        rows = pq.read_table(parquet).to_pydict()
    assert rows == {
        "age": [39.0, 50.0, 38.0],
        "gain": [2174.0, None, 0.0],
        "sex": ["Male", "Female", "Male"],
        "income": [">50K", "<=50K", "<=50K"],
    }
    assert version.profile["rows"] == 3
    event = AuditEvent.objects.get(action="version.uploaded")
    assert (event.subject_id, event.actor) == (str(version.pk), seller)
    assert version.reading["positions"] == {"age": 0, "gain": 1, "sex": 2, "income": 3}


def test_an_unreadable_file_stores_nothing():
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    with pytest.raises(UploadRefusedError) as refused:
        make_draft(request=request, seller=seller, data=b"PK\x03\x04")

    assert [problem.code for problem in refused.value.problems] == ["format-error"]
    assert stored() == before


def test_a_file_with_problems_is_kept_and_makes_no_version():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller, data=BAD_CSV)

    assert draft.state == UploadDraft.State.CHECKED
    assert [(found["code"], found["row"], found["column"]) for found in draft.findings["problems"]] == [
        ("type-error", 2, "age"),
        ("enum-constraint", 3, "sex"),
    ]
    with pytest.raises(DraftNotReadyError):
        submissions.submit_draft(draft=draft, by=seller)
    assert (DatasetVersion.objects.count(), Dataset.objects.count(), Submission.objects.count()) == (0, 0, 0)


def test_failed_row_removes_the_files(monkeypatch):
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    def fail(**_):
        raise DatabaseError("no")

    monkeypatch.setattr(events, "record", fail)
    with pytest.raises(DatabaseError):
        make_version(request=request, seller=seller)

    assert stored() == before


def test_same_bytes_give_the_version_they_gave():
    request, seller = make_request(), make_member(Role.SELLER)
    first = make_version(request=request, seller=seller)
    before = stored()

    assert make_version(request=request, seller=seller) == first
    assert stored() == before


def test_same_bytes_entered_meanwhile_give_the_version_they_gave():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)
    first = datasets.enter(draft=draft, by=seller)
    twin = UploadDraft.objects.get()
    twin.pk, twin.state, twin.version = uuid.uuid4(), UploadDraft.State.CHECKED, None
    twin.save(force_insert=True)

    assert datasets.enter(draft=twin, by=seller) == first
    assert DatasetVersion.objects.count() == 1


def test_other_columns_of_the_same_bytes_are_another_version():
    request, seller = make_request(), make_member(Role.SELLER)
    data = b"age,gain,sex,income,later\n39,1,Male,>50K,40\n"

    versions = []
    for position in (0, 4):
        draft = make_draft(request=request, seller=seller, data=data)
        positions = {"age": position, "gain": 1, "sex": 2, "income": 3}
        draft = upload_drafts.match_columns(draft=draft, positions=positions, by=seller)
        versions.append(datasets.enter(draft=draft, by=seller))

    assert [version.number for version in versions] == [1, 2]
    assert [version.profile["columns"][0]["minimum"] for version in versions] == [39.0, 40.0]
    again = make_draft(request=request, seller=seller, data=data)
    assert again.state == UploadDraft.State.CHECKED
    assert datasets.enter(draft=again, by=seller) == versions[1]


def test_what_was_said_of_a_file_is_kept_for_the_corrected_one():
    request, seller = make_request(), make_member(Role.SELLER)
    broken = "Alter;Gain;Sex;Income\nalt;1,5;male;>50K\n40;;FEMALE;<=50K\n".encode("latin-1")
    draft = make_draft(request=request, seller=seller, data=broken)
    assert draft.state == UploadDraft.State.READING
    draft = upload_drafts.read_as(
        draft=draft, delimiter=";", encoding="iso-8859-1", header=True, decimal=",", by=seller
    )
    assert draft.state == UploadDraft.State.MATCHING
    draft = upload_drafts.match_columns(draft=draft, positions={"age": 0, "gain": 1, "sex": 2, "income": 3}, by=seller)
    draft = upload_drafts.relax(draft=draft, columns=["sex", "age", "nonsense"], by=seller)
    assert draft.findings["counts"] == {"type-error": 1}

    mended = make_draft(request=request, seller=seller, data=broken.replace(b"alt", b"39"))

    assert (mended.state, mended.findings["counts"]) == (UploadDraft.State.CHECKED, {})
    assert mended.reading["relaxed"] == ["sex"]
    change = uploads.change_of(mended)
    assert (change.before, change.mended, change.left, change.new) == ("census.csv", 1, 0, ())
    assert UploadDraft.objects.get(pk=draft.pk).state == UploadDraft.State.DISCARDED


def test_a_file_after_a_version_is_compared_with_it():
    request, seller = make_request(), make_member(Role.SELLER)
    make_version(request=request, seller=seller)

    draft = make_draft(request=request, seller=seller, data=GOOD_CSV + b"x,1,Male,>50K\n")

    change = uploads.change_of(draft)
    assert (change.before, change.mended, change.left) == ("Census extract, version 1", 0, 0)
    assert [problem.value for problem in change.new] == ["x"]
    assert [(kind.before, kind.now) for kind in change.kinds] == [(0, 1)]


def test_problems_are_compared_by_content_because_rows_move():
    request, seller = make_request(), make_member(Role.SELLER)
    header = b"age,gain,sex,income\n"
    make_draft(request=request, seller=seller, data=header + b"old,1,Male,>50K\n1,1,Mal,>50K\n1,1,Mal,>50K\n")

    draft = make_draft(request=request, seller=seller, data=header + b"1,1,Mal,>50K\n1,x,Male,>50K\n")

    change = uploads.change_of(draft)
    assert (change.mended, change.left, [problem.value for problem in change.new]) == (2, 1, ["x"])


def test_two_columns_cannot_be_read_from_one():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)

    with pytest.raises(ReadingError):
        upload_drafts.match_columns(draft=draft, positions={"age": 0, "gain": 0, "sex": 2, "income": 3}, by=seller)

    assert UploadDraft.objects.get().reading == draft.reading


def test_a_reading_that_shows_nothing_leaves_the_draft_as_it_was():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)
    before = stored()

    with pytest.raises(UploadRefusedError):
        upload_drafts.read_as(draft=draft, delimiter=",", encoding="utf-16", header=True, decimal=".", by=seller)

    assert stored() == before
    assert UploadDraft.objects.get().state == UploadDraft.State.CHECKED


@pytest.mark.parametrize("end", ["discard", "submit_draft"])
def test_an_ended_draft_changes_no_more(end):
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)
    (upload_drafts.discard if end == "discard" else submissions.submit_draft)(draft=draft, by=seller)

    with pytest.raises(DraftEndedError):
        upload_drafts.discard(draft=draft, by=seller)
    with pytest.raises(DraftEndedError):
        submissions.submit_draft(draft=draft, by=seller)


def test_checking_again_keeps_one_copy_of_the_rows(django_capture_on_commit_callbacks):
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)

    with django_capture_on_commit_callbacks(execute=True):
        draft = upload_drafts.relax(draft=draft, columns=["sex"], by=seller)

    files, _ = stored()
    assert files == sorted([draft.original.name, draft.parquet.name, *validation_files(files)])


def test_discarding_removes_the_files(django_capture_on_commit_callbacks):
    request, seller = make_request(), make_member(Role.SELLER)
    before, _ = stored()
    draft = make_draft(request=request, seller=seller)

    with django_capture_on_commit_callbacks(execute=True):
        upload_drafts.discard(draft=draft, by=seller)

    assert stored()[0] == before


def validation_files(files):
    return [name for name in files if name.startswith("validation/")]


def test_quotas_are_said_and_nothing_is_stored(settings):
    settings.FAIRCUT_DRAFTS_PER_DAY, settings.FAIRCUT_VERSIONS_PER_DAY = 3, 1
    request, seller = make_request(), make_member(Role.SELLER)
    make_version(request=request, seller=seller)
    draft = make_draft(request=request, seller=seller, data=GOOD_CSV + b"1,1,Male,>50K\n")
    before = stored()

    with pytest.raises(QuotaError, match="has uploaded 1 versions in the last 24 hours"):
        datasets.enter(draft=draft, by=seller)
    assert stored() == before
    make_draft(request=request, seller=seller, data=GOOD_CSV + b"2,1,Male,>50K\n")
    before = stored()
    with pytest.raises(QuotaError, match="has uploaded 3 files in the last 24 hours"):
        make_draft(request=request, seller=seller, data=GOOD_CSV + b"3,1,Male,>50K\n")
    assert stored() == before


def test_versions_count_within_their_dataset():
    request, seller = make_request(), make_member(Role.SELLER)
    more = GOOD_CSV + b"20,1,Male,>50K\n"

    numbers = [
        make_version(request=request, seller=seller).number,
        make_version(request=request, seller=seller, data=more).number,
        make_version(request=request, seller=seller, data=more, name="Other").number,
    ]

    assert numbers == [1, 2, 1]


@pytest.mark.parametrize("state", [DataRequest.State.DRAFT, DataRequest.State.CLOSED])
def test_only_an_open_request_takes_data(state):
    request, seller = make_request(state=state), make_member(Role.SELLER)
    before = stored()

    with pytest.raises(RequestClosedError):
        make_version(request=request, seller=seller)

    assert stored() == before


def test_request_closed_while_the_file_was_checked_takes_no_data():
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()
    DataRequest.objects.update(state=DataRequest.State.CLOSED)  # the request in hand still says open

    with pytest.raises(RequestClosedError):
        make_version(request=request, seller=seller)

    assert stored() == before


@pytest.mark.parametrize("role", [Role.BUYER, Role.OPERATOR])
def test_only_sellers_of_the_organisation_upload(role):
    request, person = make_request(), make_member(role)
    before = stored()

    with pytest.raises(NotAllowedError):
        make_version(request=request, seller=person)
    with pytest.raises(NotAllowedError):
        upload_drafts.receive(
            request=request,
            organization=make_organization(),
            dataset_name="Not mine",
            file=ContentFile(GOOD_CSV, name="a.csv"),
            by=make_member(Role.SELLER),
        )

    assert stored() == before


def test_size_limit_stops_the_stream(settings):
    settings.FAIRCUT_UPLOAD_MAX_BYTES = len(GOOD_CSV) - 1
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    with pytest.raises(UploadRefusedError) as refused:
        make_version(request=request, seller=seller)

    assert [problem.code for problem in refused.value.problems] == ["byte-count"]
    assert stored() == before


def test_a_draft_cannot_be_used_by_others():
    draft = make_draft()
    stranger = make_member(Role.SELLER)

    for change in (
        lambda: upload_drafts.discard(draft=draft, by=stranger),
        lambda: upload_drafts.relax(draft=draft, columns=[], by=stranger),
        lambda: upload_drafts.match_columns(draft=draft, positions={}, by=stranger),
        lambda: submissions.submit_draft(draft=draft, by=stranger),
    ):
        with pytest.raises(NotAllowedError):
            change()


def test_a_request_closed_meanwhile_takes_no_submission():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)
    DataRequest.objects.update(state=DataRequest.State.CLOSED)
    before = stored()

    with pytest.raises(RequestClosedError):
        submissions.submit_draft(draft=draft, by=seller)

    assert stored() == before


def test_locks_come_in_one_order():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)

    with CaptureQueriesContext(connection) as queries:
        datasets.enter(draft=draft, by=seller)

    locks = [query["sql"].partition(" FROM ")[2] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert [sql.split()[0] for sql in locks] == [
        '"marketplace_datarequest"',
        '"marketplace_uploaddraft"',
        '"marketplace_dataset"',
    ]


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_get_different_numbers_or_are_told_that_they_were_replaced():
    request, seller = make_request(), make_member(Role.SELLER)
    barrier, numbers, errors = threading.Barrier(4), [], []

    def upload(age):
        try:
            barrier.wait()
            data = GOOD_CSV + f"{age},0,Male,>50K\n".encode()
            numbers.append(make_version(request=request, seller=seller, data=data).number)
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=upload, args=(age,)) for age in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {type(error) for error in errors} <= {DraftEndedError}
    assert sorted(numbers) == list(range(1, 5 - len(errors)))
    assert Dataset.objects.count() == 1
    assert not UploadDraft.objects.filter(state__in=UploadDraft.OPEN_STATES).exists()


def test_a_dataset_is_known_by_what_can_be_seen_of_its_name():
    request, seller = make_request(), make_member(Role.SELLER)

    assert (
        make_draft(request=request, seller=seller, name="Census\u202e \u200bextract").dataset_name == "Census extract"
    )
    with pytest.raises(FaircutError, match="in letters that can be seen"):
        make_draft(request=request, seller=seller, name="\u202e\u3164")
