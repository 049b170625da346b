"""Whether this process reaches everything that it needs to answer people."""

from collections.abc import Callable

import structlog
from django.core.files.storage import default_storage
from django.db import connection

from marketplace.celery import app

log = structlog.get_logger(__name__)

BROKER_SECONDS_MAX = 2


def readiness() -> dict[str, bool]:
    """Ask the database, the broker and the storage one cheap question each.

    What went wrong is logged and not returned: the address is public.
    """
    questions = {"database": _database, "broker": _broker, "storage": _storage}
    return {name: _answers(name, ask) for name, ask in questions.items()}


def _answers(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:  # whatever it is, the process is not ready
        log.exception("readiness.missing", service=name)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with app.connection_for_write(connect_timeout=BROKER_SECONDS_MAX) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS_MAX)


def _storage() -> None:
    default_storage.listdir("")
