"""What a buyer asks for: columns, target, model and metric, and the validation rows that decide what data is worth."""

import uuid

import pgtrigger
from django.db import models

from marketplace.models.accounts import Organization


class DataRequest(models.Model):
    class Task(models.TextChoices):
        CLASSIFICATION = "classification"
        REGRESSION = "regression"

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="requests")
    schema = models.JSONField()
    target = models.CharField(max_length=120)
    task = models.CharField(max_length=14, choices=Task.choices)
    model_spec = models.JSONField()
    metric = models.CharField(max_length=40)
    currency = models.CharField(max_length=3, default="EUR")
    # Committed at opening: a buyer cannot tune the validation rows after seeing what sellers brought.
    validation_file = models.FileField(upload_to="validation/")
    validation_sha256 = models.CharField(max_length=64)
    validation_rows = models.PositiveIntegerField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "open", "closed"]), name="request_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(opened_at__isnull=False),
                name="request_opened_has_a_time",
            ),
        ]
        triggers = [
            # What sellers are measured by was committed at opening.
            pgtrigger.ReadOnly(
                name="terms",
                fields=[
                    "buyer",
                    "schema",
                    "target",
                    "task",
                    "model_spec",
                    "metric",
                    "currency",
                    "validation_file",
                    "validation_sha256",
                    "validation_rows",
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
