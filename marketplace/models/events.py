"""Who did what, when. No foreign key to the subject: history never stands in the way of live data."""

import uuid

import pgtrigger
from django.db import models

from marketplace.models.accounts import User
from marketplace.web.request_id import ID_LENGTH


class AuditEvent(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    # Null where the system itself acted (a worker that finished a run).
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    request_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="The click that led here, as in the logs."
    )

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["subject_type", "subject_id", "at"], name="event_subject")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"
