"""A request opens with its validation rows committed, or not at all."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from marketplace.models import AuditEvent, DataRequest, Role
from marketplace.services import events, requests
from marketplace.services.requests import RequestRefusedError
from marketplace.services.uploads import UploadRefusedError
from marketplace.shared.errors import NotAllowedError
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.requests import BAD_CSV, GOOD_CSV, SCHEMA

pytestmark = pytest.mark.django_db


def open_request(by, **changes):
    given = {
        "title": "Rows that tell high earners",
        "description": "",
        "buyer": organization_of(by),
        "schema": SCHEMA,
        "target": "income",
        "task": "classification",
        "model_spec": {"family": "logistic_regression", "params": {"C": 1.0}, "seed": 0},
        "metric": "balanced_accuracy",
        "currency": "EUR",
        "validation_file": ContentFile(GOOD_CSV, name="validation.csv"),
        "by": by,
    }
    return requests.open_request(**(given | changes))


def nothing_stored():
    files = [path for path in Path(default_storage.location).rglob("*") if path.is_file()]
    return files == [] and not DataRequest.objects.exists() and not AuditEvent.objects.exists()


def test_opens_with_the_hash_of_what_valuations_read():
    buyer = make_member(Role.BUYER)
    request = open_request(buyer)

    assert (request.state, request.validation_rows) == ("open", 3)
    assert request.opened_at is not None
    with request.validation_file.open() as stored:
        assert request.validation_sha256 == hashlib.file_digest(stored, "sha256").hexdigest()
    with request.validation_file.open() as stored:
        assert pq.read_table(stored).column_names == ["age", "gain", "sex", "income"]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == ("request.opened", buyer)
    assert event.data == {
        "validation_sha256": request.validation_sha256,
        "uploaded_sha256": hashlib.sha256(GOOD_CSV).hexdigest(),
    }


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"schema": {"columns": []}}, RequestRefusedError),
        ({"schema": {"columns": SCHEMA["columns"] + SCHEMA["columns"][:1]}}, RequestRefusedError),
        ({"target": "wage"}, RequestRefusedError),
        ({"target": "age"}, RequestRefusedError),
        ({"model_spec": {"family": "logistic_regression"}}, RequestRefusedError),
        ({"validation_file": ContentFile(BAD_CSV, name="validation.csv")}, UploadRefusedError),
        ({"validation_file": ContentFile(GOOD_CSV.replace(b">50K", b"<=50K"), name="v.csv")}, UploadRefusedError),
    ],
)
def test_what_cannot_open_stores_nothing(changes, error):
    buyer = make_member(Role.BUYER)

    with pytest.raises(error):
        open_request(buyer, **changes)

    assert nothing_stored()


def test_failed_row_removes_the_file(monkeypatch):
    buyer = make_member(Role.BUYER)

    def fail(**_):
        raise DatabaseError("no")

    monkeypatch.setattr(events, "record", fail)
    with pytest.raises(DatabaseError):
        open_request(buyer)

    assert nothing_stored()


def test_only_buyers_of_the_organisation_open_requests():
    with pytest.raises(NotAllowedError):
        open_request(make_member(Role.SELLER))
    with pytest.raises(NotAllowedError):
        open_request(make_member(Role.BUYER), buyer=make_organization())

    assert nothing_stored()
