"""A run and its blocks: PostgreSQL is the truth about what has been computed."""

import uuid

import pgtrigger
from django.db import models

from marketplace.basics.documents import DocumentField
from marketplace.models import DataRequest, Organization, User
from valuation.documents import Manifest, Outcome, Progress


class ValuationRun(models.Model):
    """One valuation of everything that was submitted to a request, over inputs frozen under one hash."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ENDED = (State.FINISHED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    inputs_sha256 = models.CharField(max_length=64)
    manifest: "models.Field[Manifest, Manifest]" = DocumentField(
        Manifest, help_text="What was frozen: sellers, versions, model, metric, and the hash of each array."
    )
    method_version = models.CharField(max_length=40)
    seed = models.PositiveBigIntegerField()
    precision_target = models.FloatField(help_text="Largest allowed 95 % half-width of a share of the total.")
    # Together, or neither: runs from before they were asked for have none.
    due_relative = models.FloatField(
        null=True, help_text="One standard error of an amount may be this part of it, or `due_absolute` of the pot."
    )
    due_absolute = models.FloatField(null=True)
    gated = models.BooleanField(
        default=True,
        help_text="Whether only values above 0 beyond their errors count as paid; so runs were that did not say it.",
    )
    evaluations_max = models.PositiveBigIntegerField()
    row_evaluations_max = models.PositiveBigIntegerField(
        default=0, help_text="Set aside for values of rows, beside the budget of sellers' values."
    )
    evaluations_spent = models.PositiveBigIntegerField(default=0)
    wave = models.PositiveIntegerField(default=0)
    progress: "models.Field[Progress, Progress]" = DocumentField(Progress, default=Progress)
    outcome: "models.Field[Outcome | None, Outcome | None]" = DocumentField(Outcome, null=True)
    error = models.TextField(blank=True)
    on_end_task = models.CharField(max_length=80, help_text="The task that is told when the run has ended.")
    triggered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "finished", "failed", "cancelled"]),
                name="run_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    evaluations_spent__lte=models.F("evaluations_max") + models.F("row_evaluations_max")
                ),
                name="run_within_budget",
                violation_error_message="A run never spends more evaluations than its budget.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"], finished_at__isnull=True)
                | models.Q(state__in=["finished", "failed", "cancelled"], finished_at__isnull=False),
                name="run_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(due_relative__isnull=True, due_absolute__isnull=True)
                | models.Q(due_relative__gt=0, due_absolute__gte=0),
                name="run_due_target_whole",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(outcome__isnull=False),
                name="run_finished_has_an_outcome",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="run_state",
                field="state",
                transitions=[
                    ("queued", "running"),
                    ("queued", "failed"),
                    ("queued", "cancelled"),
                    ("running", "finished"),
                    ("running", "failed"),
                    ("running", "cancelled"),
                ],
            ),
            pgtrigger.ReadOnly(
                name="run_inputs",
                fields=[
                    "request",
                    "inputs_sha256",
                    "manifest",
                    "method_version",
                    "seed",
                    "precision_target",
                    "due_relative",
                    "due_absolute",
                    "gated",
                    "evaluations_max",
                    "row_evaluations_max",
                ],
            ),
            # What a run found is what a round pays on: an ended run never changes again.
            pgtrigger.Protect(
                name="run_ended_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["finished", "failed", "cancelled"]),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.state})"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def finished_outcome(self) -> Outcome:
        """What a finished run came to.

        Raises:
            ValueError: It has not finished.
        """
        if self.outcome is None:
            raise ValueError(f"{self} has no outcome")
        return self.outcome


class RunState(models.Model):
    """Everything merged so far, as one archive of arrays: what the next wave is planned from."""

    run = models.OneToOneField(ValuationRun, on_delete=models.CASCADE, primary_key=True, related_name="merged")
    archive = models.BinaryField()

    def __str__(self) -> str:
        return f"merged state of {self.run_id}"


class WorkBlock(models.Model):
    """A few seconds of work, deterministic from the run's seed and the block's number."""

    class State(models.TextChoices):
        QUEUED = "queued"
        LEASED = "leased"
        DONE = "done"

    run = models.ForeignKey(ValuationRun, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    wave = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    params = models.JSONField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    evaluations = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    done_at = models.DateTimeField(null=True)
    result = models.BinaryField(null=True)

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="block_number_unique"),
            models.CheckConstraint(
                condition=models.Q(state="done", result__isnull=False, done_at__isnull=False)
                | models.Q(state__in=["queued", "leased"], result__isnull=True, done_at__isnull=True),
                name="block_done_has_a_result",
            ),
        ]
        indexes = [models.Index(fields=["run", "wave", "state"], name="block_open")]
        triggers = [
            # A result is stored once: whoever comes second, with the same bits, changes nothing.
            pgtrigger.Protect(
                name="done_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="done"),
            ),
        ]

    def __str__(self) -> str:
        return f"block {self.number} of {self.run_id}"


class PlayerValue(models.Model):
    """What one seller is worth in one run under one rule, in units of the buyer's metric."""

    run = models.ForeignKey(ValuationRun, on_delete=models.CASCADE, related_name="player_values")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=20)
    value = models.FloatField()
    standard_error = models.FloatField(
        null=True, help_text="From sampling coalitions; none where the rule has no honest one."
    )
    validation_standard_error = models.FloatField(null=True, help_text="From the validation rows being a sample.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "organization", "rule"], name="player_value_unique")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.organization} under {self.rule}: {self.value:.6f}"
