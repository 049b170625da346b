"""The workers' entry point (celery -A marketplace worker)."""

import os
from typing import Any

import structlog
from celery import Celery
from django.dispatch import receiver
from django_structlog.celery import signals
from django_structlog.celery.steps import DjangoStructLogInitStep

# One BLAS thread a process: two processes must not fight over the cores, and a block's sums must not depend on how many
# threads happened to share them. Set before numpy is first imported, which the prefork pool guarantees.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("faircut")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@receiver(signals.bind_extra_task_metadata)
def bind_ids(task: Any, **_: Any) -> None:
    """Log the ids that a task was given on every line that it writes; tasks take nothing else."""
    structlog.contextvars.bind_contextvars(**task.request.kwargs)
