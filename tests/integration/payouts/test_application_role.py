"""The application's database role can pay a round from end to end, and cannot touch what must never change."""

import datetime as dt

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from payouts.models import APPEND_ONLY_TABLES
from payouts.services import api_keys, rounds
from tests.integration.payouts import scenario


@pytest.fixture
def as_application(db):
    call_command("grant_app_rights")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {connection.ops.quote_name(settings.DATABASE_APP_ROLE)}")
        yield cursor
        cursor.execute("RESET ROLE")


def test_the_application_pays_a_round(as_application):
    place = scenario.market()

    payout_round = rounds.mark_paid(payout_round=scenario.posted(place), bank_reference="SEPA-1", by=place.first)
    rounds.cancel(payout_round=scenario.in_review(place), by=place.first, reason="not needed")
    _, secret = api_keys.create(
        name="ERP", client="Books", scopes=["lines:read"], expires_at=timezone.now() + dt.timedelta(days=1),
        by=place.first,
    )  # fmt: skip

    assert payout_round.state == "paid"
    assert api_keys.authenticate(secret) is not None


def test_djangos_own_server_sees_whether_migrations_wait(as_application):
    as_application.execute("SELECT count(*) FROM django_migrations")

    assert as_application.fetchone() > (0,)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        as_application.execute("DELETE FROM django_migrations")


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_only_appends_to_history(as_application, table, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        as_application.execute(statement.format(table))


def test_no_setting_of_a_session_switches_the_rules_off(as_application):
    line = scenario.posted(scenario.market()).lines.first()
    as_application.execute("SELECT string_agg(tgname, ',') FROM pg_trigger WHERE tgname LIKE 'pgtrigger%'")
    (names,) = as_application.fetchone()
    as_application.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + names + "}"])

    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        as_application.execute("UPDATE payouts_payoutline SET amount_minor = amount_minor + 1 WHERE id = %s", [line.pk])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM payouts_payoutround",
        "DELETE FROM valuation_workblock",
        "DELETE FROM marketplace_datarequest",
        "DELETE FROM marketplace_invitation",
        "DELETE FROM marketplace_notice",
    ],
)
def test_the_application_deletes_no_record_of_a_round(as_application, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        as_application.execute(statement)
