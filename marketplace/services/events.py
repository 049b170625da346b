"""The record of who did what; every service writes its event in the transaction of its change."""

from typing import Any

from django.db import models

from marketplace.models import AuditEvent, User
from marketplace.web.request_id import current_request_id


def record(*, action: str, subject: models.Model, by: User | None, data: dict[str, Any] | None = None) -> AuditEvent:
    """Append one event about `subject`; `by` is None where the system itself acted."""
    return AuditEvent.objects.create(
        actor=by,
        action=action,
        subject_type=subject._meta.label,  # noqa: SLF001 - Django documents _meta as public
        subject_id=str(subject.pk),
        data=data or {},
        request_id=current_request_id(),
    )
