"""A file on its way to become a version: received once, read as its seller says, checked, and at last submitted."""

import datetime as dt
import uuid

import pgtrigger
from django.db import models
from django.utils import timezone

from marketplace.models.accounts import Organization, User
from marketplace.models.datasets import DatasetVersion
from marketplace.models.requests import DataRequest

KEPT_FOR = dt.timedelta(days=7)


def expiry() -> dt.datetime:
    """When a draft received now is swept away."""
    return timezone.now() + KEPT_FOR


class UploadDraft(models.Model):
    """One received file. The state names what waits for the seller; leaving and coming back changes nothing."""

    class State(models.TextChoices):
        READING = "reading"
        MATCHING = "matching"
        CHECKED = "checked"
        ENTERED = "entered"
        DISCARDED = "discarded"

    OPEN_STATES = (State.READING, State.MATCHING, State.CHECKED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="drafts")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="drafts")
    dataset_name = models.CharField(max_length=120)
    filename = models.CharField(max_length=255)
    format = models.CharField(max_length=7)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    # Stored once: the version that a draft becomes refers to the same two files.
    original = models.FileField(upload_to="originals/", max_length=255, blank=True)
    parquet = models.FileField(upload_to="versions/", max_length=255, blank=True)
    # marketplace.ingest.Reading as JSON: separator, encoding, header, decimal mark, columns.
    reading = models.JSONField()
    # marketplace.ingest.Findings as JSON, of this file and of the one that it corrects.
    findings = models.JSONField(null=True)
    before = models.JSONField(null=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.READING)
    version = models.ForeignKey(DatasetVersion, null=True, on_delete=models.PROTECT, related_name="+")
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=expiry)

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["organization", "received_at"], name="draft_quota"),
            models.Index(fields=["expires_at"], name="draft_expiry"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["reading", "matching", "checked", "entered", "discarded"]),
                name="draft_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="entered", version__isnull=False)
                | (~models.Q(state="entered") & models.Q(version__isnull=True)),
                name="draft_entered_has_a_version",
            ),
            models.CheckConstraint(
                condition=~models.Q(original="") | models.Q(state="discarded"), name="draft_has_its_file"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="checked") | models.Q(findings__isnull=False),
                name="draft_checked_has_findings",
            ),
            models.UniqueConstraint(
                fields=["request", "organization", "dataset_name"],
                condition=models.Q(state__in=["reading", "matching", "checked"]),
                name="draft_one_open_per_dataset",
            ),
        ]
        triggers = [
            # What was received is what is checked and entered.
            pgtrigger.ReadOnly(
                name="received",
                fields=["request", "organization", "dataset_name", "filename", "sha256", "size_bytes", "received_by"],
            ),
            pgtrigger.Protect(
                name="ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["entered", "discarded"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename} for {self.dataset_name}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES
