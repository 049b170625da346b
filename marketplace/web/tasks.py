"""The one way to declare a Celery task: keyword ids in, load, call a service."""

from collections.abc import Callable
from typing import Any

from celery import shared_task  # noqa: TID251 - the one place that may
from django.db import InterfaceError, OperationalError


def faircut_task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task that may run twice: late acks, and retries while the database is away.

    Effects are made idempotent in PostgreSQL by the service that the task calls; the broker only carries hints.
    """
    return shared_task(
        name=name,
        acks_late=True,
        reject_on_worker_lost=True,
        autoretry_for=(OperationalError, InterfaceError),
        retry_backoff=1,
        retry_backoff_max=30,
        max_retries=5,
        **options,
    )
