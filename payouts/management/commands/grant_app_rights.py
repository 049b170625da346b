"""Let the application's role work, and only append to what must never change (ADR 0003)."""

import os
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from marketplace.models import (
    AuditEvent,
    CopyComparison,
    CopyFinding,
    DataRequest,
    DatasetVersion,
    Invitation,
    Notice,
)
from payouts.models import APPEND_ONLY_TABLES, PayoutLine, PayoutRound
from valuation.models import PlayerValue, Quote, ValuationRun, WorkBlock

# django-pgtrigger lets any session switch its triggers off by a setting; ours are the rules of the house: nobody may.
# Migrations that install triggers bring its function back, and this command runs after every migrate.
NEVER_IGNORE = """
    CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE AS 'SELECT false'
"""


class Command(BaseCommand):
    help = "Create the application's database role where it is missing and give it its rights. Run after every migrate."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        role = sql.Identifier(settings.DATABASE_APP_ROLE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APP_ROLE])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            if password := os.environ.get("FAIRCUT_APP_PASSWORD"):
                cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
            cursor.execute(NEVER_IGNORE)
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
            cursor.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
            for table in sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True)):  # noqa: SLF001
                cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(table), role))
                rights = rights_on(table)
                cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(table), role))
            # Django's own server looks whether migrations wait, before it serves.
            migrations = sql.Identifier(MigrationRecorder.Migration._meta.db_table)  # noqa: SLF001 - public by Django's word
            cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(migrations, role))


def append_only_tables() -> set[str]:
    """The tables in which history is kept."""
    others = (AuditEvent, CopyComparison, DatasetVersion, PlayerValue)
    return {*APPEND_ONLY_TABLES, *(model._meta.db_table for model in others)}  # noqa: SLF001 - public by Django's word


def rights_on(table: str) -> str:
    """What the application may do with a table; what only changes state is never deleted."""
    if table in append_only_tables():
        return "SELECT, INSERT"
    changing = (PayoutRound, PayoutLine, ValuationRun, WorkBlock, DataRequest, Quote, CopyFinding, Invitation, Notice)
    if table in {model._meta.db_table for model in changing}:  # noqa: SLF001 - public by Django's word
        return "SELECT, INSERT, UPDATE"
    return "SELECT, INSERT, UPDATE, DELETE"
