"""An upload is stored whole or not at all, once, under the next number."""

import hashlib
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from marketplace.models import AuditEvent, DataRequest, Dataset, DatasetVersion, Role
from marketplace.services import datasets, events
from marketplace.services.datasets import RequestClosedError
from marketplace.services.uploads import UploadRefusedError
from marketplace.shared.errors import NotAllowedError
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_version
from tests.factories.requests import BAD_CSV, GOOD_CSV, make_request

pytestmark = pytest.mark.django_db


def stored():
    """Everything an upload might leave behind: files and rows."""
    root = Path(default_storage.location)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return files, Dataset.objects.count(), DatasetVersion.objects.count(), AuditEvent.objects.count()


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
    event = AuditEvent.objects.get()
    assert (event.action, event.subject_id, event.actor) == ("version.uploaded", str(version.pk), seller)


def test_refused_upload_stores_nothing():
    request, seller = make_request(), make_member(Role.SELLER)
    before = stored()

    with pytest.raises(UploadRefusedError) as refused:
        make_version(request=request, seller=seller, data=BAD_CSV)

    assert [(problem.code, problem.row, problem.column) for problem in refused.value.problems] == [
        ("type-error", 2, "age"),
        ("enum-constraint", 3, "sex"),
    ]
    assert stored() == before


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


def test_same_bytes_entered_meanwhile_leave_no_second_copy(monkeypatch):
    request, seller = make_request(), make_member(Role.SELLER)
    first = make_version(request=request, seller=seller)
    before = stored()
    monkeypatch.setattr(datasets, "_known_version", lambda *_: None)

    assert make_version(request=request, seller=seller) == first
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
        datasets.upload(
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


def test_locks_come_in_one_order():
    request, seller = make_request(), make_member(Role.SELLER)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        make_version(request=request, seller=seller)

    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert ['FROM "marketplace_datarequest"' in sql for sql in locks] == [True, False]
    assert 'FROM "marketplace_dataset"' in locks[1]


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_get_different_numbers():
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

    assert errors == []
    assert sorted(numbers) == [1, 2, 3, 4]
    assert Dataset.objects.count() == 1
