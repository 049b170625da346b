"""One id leads from a click to the ledger entry and to the tasks that the click sent."""

import pytest
import structlog
from celery.signals import before_task_publish
from django.urls import reverse

from marketplace.celery import app
from marketplace.models import AuditEvent, Role
from marketplace.services import events
from marketplace.web.request_id import current_request_id
from payouts.models import LedgerTransaction
from tests.factories.accounts import make_member
from tests.factories.requests import make_request

pytestmark = pytest.mark.django_db


def test_a_click_s_id_is_on_its_response_its_event_and_its_ledger_transaction(client):
    request = make_request()
    client.force_login(make_member(Role.OPERATOR))

    response = client.post(reverse("payouts:fund", args=[request.pk]), {"amount": "100.00", "bank_reference": "BANK-1"})

    assert response.status_code == 302
    funded = LedgerTransaction.objects.get(reference="BANK-1")
    event = AuditEvent.objects.filter(action__contains="fund").latest("at")
    assert len(response["X-Request-ID"]) == 36
    assert funded.request_id == event.request_id == response["X-Request-ID"]


def test_two_clicks_have_two_ids(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


def test_what_no_request_led_to_has_no_id():
    structlog.contextvars.clear_contextvars()

    event = events.record(action="test.happened", subject=make_member(Role.SELLER), by=None)

    assert event.request_id == ""


def test_a_task_goes_out_with_the_id_and_a_worker_finds_it():
    sent = {}

    def note(headers, **_):
        sent.update(headers["__django_structlog__"])

    structlog.contextvars.clear_contextvars()
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        before_task_publish.connect(note)
        app.send_task("valuation.work", kwargs={"run_id": "none"})
        before_task_publish.disconnect(note)

    assert sent["request_id"] == "r-1"
    assert current_request_id() == ""


def test_the_page_of_a_failure_names_the_id_that_the_logs_have(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("marketplace.views.health.readiness", lambda: 1 / 0)

    response = client.get("/readyz")

    assert response.status_code == 500
    assert f"<code>{response['X-Request-ID']}</code>" in response.content.decode()
