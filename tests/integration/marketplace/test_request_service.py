"""A request opens with its validation rows committed, by the steps of a draft, or not at all."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from marketplace.basics.errors import NotAllowedError
from marketplace.demo import cast
from marketplace.models import AuditEvent, DataRequest, Role
from marketplace.services import drafts, events
from marketplace.services.drafts import ending
from marketplace.services.requests import RequestRefusedError
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.drafts import completed, make_draft, rows_csv

pytestmark = pytest.mark.django_db


def stored_files():
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_opens_with_the_hash_of_what_valuations_read():
    buyer = make_member(Role.BUYER)
    request = drafts.open_draft(request=completed(make_draft(buyer), buyer), by=buyer)

    assert (request.state, request.validation_rows) == ("open", 150)
    assert request.opened_at is not None
    with request.validation_file.open() as stored:
        assert request.validation_sha256 == hashlib.file_digest(stored, "sha256").hexdigest()
    with request.validation_file.open() as stored:
        assert pq.read_table(stored).column_names == ["age", "town", "buys"]
    event = AuditEvent.objects.get(action="request.opened")
    assert (event.actor, event.data["validation_sha256"]) == (buyer, request.validation_sha256)
    taken = AuditEvent.objects.get(action="request.draft_changed", data__step="validation")
    assert taken.data["uploaded_sha256"] == hashlib.sha256(rows_csv(150, seed=1)).hexdigest()


@pytest.mark.parametrize("spec", [{"family": "knn"}, {"family": "knn", "params": [], "seed": 0}, {}])
def test_a_model_that_does_not_say_all_of_it_is_refused(spec):
    buyer = make_member(Role.BUYER)
    draft = make_draft(buyer)

    with pytest.raises(RequestRefusedError, match="The model spec needs"):
        drafts.set_model(request=draft, task="classification", model_spec=spec, metric="accuracy", by=buyer)

    draft.refresh_from_db()
    assert draft.model_spec == {}


def test_validation_rows_whose_draft_cannot_be_saved_leave_no_file(monkeypatch):
    buyer = make_member(Role.BUYER)
    draft = make_draft(buyer)

    def fail(**_):
        raise DatabaseError("no")

    monkeypatch.setattr(events, "record", fail)
    with pytest.raises(DatabaseError):
        drafts.set_validation(request=draft, file=ContentFile(rows_csv(150), "validation.csv"), by=buyer)

    assert stored_files() == []


def test_only_buyers_of_the_organisation_begin_requests():
    seller, buyer = make_member(Role.SELLER), make_member(Role.BUYER)
    for organization, by in ((organization_of(seller), seller), (make_organization(), buyer)):
        with pytest.raises(NotAllowedError):
            drafts.start(buyer=organization, title="Rows", description="", by=by)

    assert not DataRequest.objects.exists()


def test_the_demos_request_opens_by_the_checks_that_every_request_meets(monkeypatch):
    seen = []
    monkeypatch.setattr(ending, "OPENING_CHECKS", [seen.append])

    request = cast.seed()

    assert seen == [request] == [cast.seed()]
    assert (request.state, request.validation_rows, request.pot_minor) == ("open", 5_000, 1_000_000)


def test_a_demo_that_breaks_down_while_it_opens_its_request_leaves_no_draft(monkeypatch):
    def refuse(_):
        raise RequestRefusedError("No.")

    monkeypatch.setattr(ending, "OPENING_CHECKS", [refuse])

    with pytest.raises(RequestRefusedError):
        cast.seed()

    assert not DataRequest.objects.exists()
