"""A buyer's way from nothing to an open request: each step is kept, each refusal says how to mend it."""

import io
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from marketplace.basics.errors import ConflictError
from marketplace.models import AuditEvent, DataRequest, Role
from marketplace.selectors.drafts import missing_steps
from marketplace.services import drafts
from payouts.models import LedgerEntry
from payouts.services import funding
from tests.factories.accounts import make_member, organization_of
from tests.factories.drafts import make_draft, rows_csv
from tests.factories.requests import make_request
from tests.integration.marketplace.guided import STEPS, address, upload
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


def test_every_step_is_kept_and_leads_to_the_next(client, buyer):
    given = {"title": "Buyers by age", "description": "We sell.", "organization": organization_of(buyer).pk}
    answer = client.post("/requests/new/", given)
    draft = DataRequest.objects.get()
    assert (draft.state, draft.buyer) == ("draft", organization_of(buyer))
    assert answer["Location"] == address("columns", draft)

    answer = client.post(address("columns", draft), upload(rows_csv(60)), follow=True)
    draft.refresh_from_db()
    assert draft.schema["columns"][0] | {"minimum": 10.0, "maximum": 90.0} == draft.schema["columns"][0]
    assert [column["kind"] for column in draft.schema["columns"]] == ["number", "category", "category"]
    assert "3 columns were read from 60 rows" in words_of(answer)

    answer = client.post(address("target", draft), {"target": "buys", "task": "classification"})
    assert answer["Location"] == address("model", draft)

    answer = client.post(address("model", draft), {"model": "knn", "metric": "accuracy"})
    assert answer["Location"] == address("parameters", draft)
    answer = client.post(address("parameters", draft), {"n_neighbors": "7"})
    draft.refresh_from_db()
    terms = {"class_weights": False, "free_disposal": True, "clip_numbers": True, "start_rows": 0}
    assert draft.model_spec == {"family": "knn", "params": {"n_neighbors": 7}, "seed": 0} | terms
    assert answer["Location"] == address("validation", draft)

    answer = client.post(address("validation", draft), upload(rows_csv(150, seed=1)), follow=True)
    draft.refresh_from_db()
    assert (draft.validation_rows, len(draft.validation_sha256)) == (150, 64)
    assert "Share of rows" in words_of(answer)

    budget = {"currency": "JPY", "pot": "250000", "precision": "2.5", "evaluations_max": "50000"}
    answer = client.post(address("budget", draft), budget)
    draft.refresh_from_db()
    assert (draft.pot_minor, draft.currency, draft.precision_target) == (250_000, "JPY", 0.025)
    assert answer["Location"] == address("review", draft)
    assert "cannot change any more" in words_of(client.get(address("review", draft)))

    answer = client.post(f"/requests/{draft.pk}/open/", follow=True)
    draft.refresh_from_db()
    assert draft.state == "open"
    assert draft.opened_at is not None
    assert "Pot, quote and results" in words_of(answer)
    assert AuditEvent.objects.get(action="request.opened").data["validation_sha256"] == draft.validation_sha256


def test_a_title_is_one_line(client, draft):
    client.post(address("words", draft), {"title": "Buyers\r\n\r\nSend your password", "description": "We sell."})

    draft.refresh_from_db()
    assert draft.title == "Buyers Send your password"


def test_the_draft_says_what_is_missing(client, draft):
    page = words_of(client.get(f"/requests/{draft.pk}/"))

    assert "3 steps to do before it can open" in page
    assert [step.title for step in missing_steps(draft)] == [
        "Model and metric",
        "Validation file",
        "Budget and precision",
    ]

    answer = client.post(f"/requests/{draft.pk}/open/", follow=True)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert "cannot open yet: model and metric, validation file, budget and precision" in words_of(answer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pot": "0"}, "above 0"),
        ({"pot": "1.005"}, "at most 2 decimals"),
        ({"pot": "-1"}, "above 0"),
        ({"pot": "10.000"}, "has 3 decimals; EUR has 2. Write 10000.00 if the point groups thousands"),
        ({"pot": "ten"}, "is not an amount. Write it like 10000.00"),
        ({"precision": "2.500"}, "“2.500” can be read in two ways. Write 2500, or 2.5."),
        ({"evaluations_max": "50.000"}, "“50.000” can be read in two ways. Write 50000, or 50."),
        ({"precision": "0"}, "must be at least 0.1."),
        ({"evaluations_max": "10"}, "must be at least 1000."),
        ({"currency": "DOG"}, "This is not on the list, or no longer."),
    ],
)
def test_a_budget_that_cannot_be_paid_is_refused(client, draft, change, said):
    given = {"currency": "EUR", "pot": "100", "precision": "2", "evaluations_max": "50000"} | change

    answer = client.post(address("budget", draft), given)

    assert answer.status_code == 422
    assert said in words_of(answer)


@pytest.mark.parametrize("pot", ["10,000.00", "10.000,00", "10 000,00", "10'000.00", "10000"])
def test_a_pot_is_read_as_every_amount_of_the_site_is(client, draft, pot):
    client.post(address("budget", draft), {"currency": "EUR", "pot": pot, "precision": "2", "evaluations_max": "50000"})

    draft.refresh_from_db()
    assert draft.pot_minor == 1_000_000


def test_a_very_large_pot_is_asked_for_once_more(client, draft):
    given = {"currency": "EUR", "pot": "10000000.01", "precision": "2", "evaluations_max": "50000"}

    answer = client.post(address("budget", draft), given)
    draft.refresh_from_db()
    assert answer.status_code == 422
    assert "and I mean it." in words_of(answer)
    assert "Tick it to go on." in words_of(answer)
    assert draft.pot_minor != 1_000_000_001

    client.post(address("budget", draft), given | {"large_pot_is_meant": "on"})
    draft.refresh_from_db()
    assert draft.pot_minor == 1_000_000_001
    for pot in ("10000000", "10,000,000.00", "sNaN", "twelve"):
        assert "I mean it" not in words_of(
            client.post(address("budget", draft), given | {"pot": pot, "precision": ""})
        ), pot


def test_rows_exchanged_in_the_storage_do_not_open(client, complete):
    default_storage.delete(complete.validation_file.name)
    default_storage.save(complete.validation_file.name, io.BytesIO(b"other rows"))

    answer = client.post(f"/requests/{complete.pk}/open/", follow=True)

    complete.refresh_from_db()
    assert complete.state == "draft"
    assert "not those that were checked" in words_of(answer)


def test_an_open_request_takes_no_step_any_more(client, complete, buyer):
    drafts.open_draft(request=complete, by=buyer)
    before = DataRequest.objects.values().get(pk=complete.pk)

    for step in STEPS:
        for method in (client.get, client.post):
            answer = method(address(step, complete), {"title": "Other words"}, follow=True)
            assert "committed and cannot change any more" in words_of(answer), step
    with pytest.raises(drafts.NotADraftError):
        drafts.set_words(request=complete, title="Other", description="", by=buyer)

    assert DataRequest.objects.values().get(pk=complete.pk) == before


@pytest.mark.parametrize(
    "change",
    [{"metric": "accuracy"}, {"validation_sha256": "f" * 64}, {"schema": {}}, {"pot_minor": 1}, {"evaluations_max": 5},
     {"precision_target": 0.1}, {"state": "draft"}, {"opened_at": None}, {"validation_profile": {"rows": 1}}],
)  # fmt: skip
def test_the_database_keeps_the_terms_after_opening(change):
    request = make_request()

    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        DataRequest.objects.filter(pk=request.pk).update(**change)


def test_the_database_lets_a_draft_change_and_opens_no_incomplete_one():
    draft = DataRequest.objects.create(buyer=organization_of(make_member(Role.BUYER)), title="Draft")
    DataRequest.objects.filter(pk=draft.pk).update(metric="accuracy", schema={"columns": []})

    with pytest.raises(IntegrityError, match="request_opened_is_complete"), transaction.atomic():
        DataRequest.objects.filter(pk=draft.pk).update(state="open", opened_at="2026-11-21T00:00Z")


def test_a_buyer_closes_a_request_once(client, complete, buyer):
    drafts.open_draft(request=complete, by=buyer)

    client.post(f"/requests/{complete.pk}/close/")
    answer = client.post(f"/requests/{complete.pk}/close/", follow=True)

    complete.refresh_from_db()
    assert complete.state == "closed"
    assert "is closed, not open" in words_of(answer)
    assert AuditEvent.objects.filter(action="request.closed").count() == 1


def test_nobody_else_sees_or_touches_a_draft(client, complete):
    people = SimpleNamespace(seller=make_member(Role.SELLER), rival=make_member(Role.BUYER))
    for person in vars(people).values():
        client.force_login(person)
        for step in STEPS:
            assert client.get(address(step, complete)).status_code in {403, 404}
            assert client.post(address(step, complete), {"title": "x"}).status_code in {403, 404}
        for step in ("open", "close", "quote"):
            assert client.post(f"/requests/{complete.pk}/{step}/").status_code in {403, 404}
        assert client.get(f"/requests/{complete.pk}/").status_code == 404
        assert "Buyers by age" not in words_of(client.get("/requests/"))
    complete.refresh_from_db()
    assert complete.state == "draft"


def test_an_operator_neither_sees_nor_funds_a_draft(client, draft):
    operator = make_member(Role.OPERATOR)
    client.force_login(operator)

    assert client.get(f"/requests/{draft.pk}/").status_code == 404
    answer = client.post(f"/requests/{draft.pk}/fund/", {"amount": "5", "bank_reference": "B-1"})
    assert answer.status_code == 404
    with pytest.raises(ConflictError, match="A draft takes no money yet"):
        funding.record(request=draft, amount_minor=500, bank_reference="B-1", by=operator)
    assert not LedgerEntry.objects.exists()


def test_a_buyer_deletes_a_draft_after_one_question(client, complete, django_capture_on_commit_callbacks):
    stored = complete.validation_file.name
    page = client.get(address("delete", complete))
    assert "Nobody of your organisation sees it any more" in words_of(page)
    assert DataRequest.objects.get().is_draft

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address("delete", complete), follow=True)

    assert "is deleted." in words_of(answer)
    gone = DataRequest.objects.get()
    assert (gone.state, gone.validation_sha256, bool(gone.validation_file)) == ("discarded", "", False)
    assert not default_storage.exists(stored)
    assert AuditEvent.objects.filter(action="request.discarded").count() == 1
    for step in (*STEPS, "delete"):
        assert client.get(address(step, complete)).status_code == 404
    for other in ("", "quote/", "fund/", "results/"):
        assert client.get(f"/requests/{complete.pk}/{other}").status_code == 404
    assert gone.title not in words_of(client.get("/")) + words_of(client.get("/requests/"))


def test_what_was_opened_is_not_deleted_and_a_deleted_draft_does_not_come_back(client, complete, buyer):
    opened = drafts.open_draft(request=complete, by=buyer)
    client.post(address("delete", opened))
    with pytest.raises(ConflictError):
        drafts.discard(request=opened, by=buyer)
    assert DataRequest.objects.get().state == "open"

    second = make_draft(buyer)
    drafts.discard(request=second, by=buyer)
    for state in ("draft", "open"):
        with pytest.raises((ProgrammingError, IntegrityError, InternalError)), transaction.atomic():
            DataRequest.objects.filter(pk=second.pk).update(state=state)
    operator = make_member(Role.OPERATOR)
    with pytest.raises(ConflictError, match="A draft takes no money yet"):
        funding.record(request=second, amount_minor=500, bank_reference="B-1", by=operator)
    client.force_login(operator)
    assert str(second.pk) not in client.get("/rounds/new/").content.decode()
