"""What sellers bring: a dataset has immutable versions, and a submission puts one version before the buyer."""

import uuid

import pgtrigger
from django.db import models

from marketplace.models.accounts import Organization, User
from marketplace.models.requests import DataRequest


class Dataset(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="datasets")
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "request", "name"],
                name="dataset_name_unique",
                violation_error_message="You have a dataset of this name for this request; upload a new version of it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """One upload that passed every check. Never changed: a correction is the next version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    # How the original was read (marketplace.ingest.Reading as JSON), and its hash: other columns of the same bytes are
    # another version.
    reading = models.JSONField(default=dict)
    reading_sha256 = models.CharField(max_length=64, default="", blank=True)
    size_bytes = models.PositiveBigIntegerField()
    rows = models.PositiveIntegerField()
    original = models.FileField(upload_to="originals/", max_length=255)
    parquet = models.FileField(upload_to="versions/", max_length=255)
    profile = models.JSONField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["dataset", "number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="version_number_unique"),
            models.UniqueConstraint(fields=["dataset", "sha256", "reading_sha256"], name="version_content_unique"),
            models.CheckConstraint(condition=models.Q(rows__gt=0), name="version_has_rows"),
        ]
        triggers = [pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.dataset.name}, version {self.number}"


class Submission(models.Model):
    class State(models.TextChoices):
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="submissions")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="submissions")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="submissions")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="submissions")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACCEPTED)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["submitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(state="accepted"),
                name="submission_one_accepted_per_dataset",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["accepted", "withdrawn"]), name="submission_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.version} ({self.state})"
