"""What a buyer is told before any seller brings a row: does the model learn, how long a run takes, how sure it gets.

It trains the buyer's model, so it belongs to valuing and not to the marketplace.
"""

import uuid

import pgtrigger
from django.db import models

from marketplace.models import DataRequest, User

# What a dry run does, one after another.
STEPS = ("Reading the validation rows", "Training on 100 rows", "Rehearsing a small market", "Rehearsing a larger one")


class Quote(models.Model):
    """One dry run of a request's model on the buyer's own validation rows, and what follows from it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    class Failure(models.TextChoices):
        IMPOSSIBLE = "impossible", "No round could be valued"
        TOO_LITTLE = "too_little", "The worker had too little time or memory"
        UNFINISHED = "unfinished", "Nobody finished it"

    ENDED = (State.DONE, State.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="quotes")
    terms_sha256 = models.CharField(max_length=64, help_text="Hash of the terms that were rehearsed.")
    sellers = models.PositiveIntegerField()
    rows_per_seller = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    steps_done = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    failure = models.CharField(max_length=10, choices=Failure.choices, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed"]), name="quote_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(result__isnull=False), name="quote_done_has_a_result"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error=""), name="quote_failed_says_why"
            ),
            models.CheckConstraint(
                condition=models.Q(state="failed", failure__in=["impossible", "too_little", "unfinished"])
                | (~models.Q(state="failed") & models.Q(failure="")),
                name="quote_failed_has_a_code",
            ),
            # A second click while one is at work finds it instead of starting another.
            models.UniqueConstraint(
                fields=["request"],
                condition=models.Q(state__in=["queued", "running"]),
                name="quote_one_at_work_per_request",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="quote_question", fields=["request", "terms_sha256", "sellers", "rows_per_seller", "requested_by"]
            ),
            pgtrigger.Protect(
                name="quote_ended_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["done", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"quote {self.pk} ({self.state})"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED
