"""What a buyer asks for: columns, target, model and metric, and the validation rows that decide what data is worth."""

import uuid
from functools import reduce
from operator import or_

import pgtrigger
from django.db import models

from marketplace.models.accounts import Organization

# What a buyer commits to at opening.
TERMS = (
    "schema",
    "target",
    "task",
    "model_spec",
    "metric",
    "currency",
    "pot_minor",
    "precision_target",
    "evaluations_max",
    "validation_file",
    "validation_sha256",
    "validation_rows",
    "validation_profile",
    "base_file",
    "base_sha256",
    "base_rows",
    "opened_at",
)
ANY_TERM_CHANGES = reduce(or_, (pgtrigger.Q(**{f"old__{term}__df": pgtrigger.F(f"new__{term}")}) for term in TERMS))


class DataRequest(models.Model):
    class Task(models.TextChoices):
        CLASSIFICATION = "classification"
        REGRESSION = "regression"

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"
        # A draft that its buyer gave up; nobody sees it any more, and the record of who did what stays.
        DISCARDED = "discarded"

    # What was never opened to anybody.
    UNOPENED = (State.DRAFT, State.DISCARDED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="requests")
    # A draft fills these step by step; `request_opened_is_complete` says which of them an open request has.
    schema = models.JSONField(default=dict, blank=True)
    target = models.CharField(max_length=120, blank=True)
    task = models.CharField(max_length=14, choices=Task.choices, blank=True)
    model_spec = models.JSONField(default=dict, blank=True)
    metric = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    pot_minor = models.PositiveBigIntegerField(null=True, help_text="The pot that the buyer announces to sellers.")
    precision_target = models.FloatField(
        default=0.02, help_text="Largest 95 % half-width of a share that the buyer wants, as a fraction of the pot."
    )
    evaluations_max = models.PositiveBigIntegerField(
        default=200_000, help_text="Most trainings of the model that a round is to spend."
    )
    # Committed at opening: a buyer cannot tune the validation rows after seeing what sellers brought.
    validation_file = models.FileField(upload_to="validation/", blank=True)
    validation_sha256 = models.CharField(max_length=64, blank=True)
    validation_rows = models.PositiveIntegerField(default=0)
    validation_profile = models.JSONField(
        default=dict, blank=True, help_text="Summary of the validation rows, for the buyer's eyes only."
    )
    # The buyer's own rows, which every model trains on besides those of sellers; a request may have none.
    base_file = models.FileField(upload_to="base/", blank=True, default="")
    base_sha256 = models.CharField(max_length=64, blank=True, default="")
    base_rows = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "open", "closed", "discarded"]), name="request_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "discarded"]) | models.Q(opened_at__isnull=False),
                name="request_opened_has_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "discarded"])
                | ~models.Q(target="")
                & ~models.Q(task="")
                & ~models.Q(metric="")
                & ~models.Q(validation_file="")
                & ~models.Q(validation_sha256="")
                & models.Q(validation_rows__gt=0),
                name="request_opened_is_complete",
            ),
            models.CheckConstraint(
                condition=models.Q(base_file="", base_sha256="", base_rows=0)
                | ~models.Q(base_file="") & ~models.Q(base_sha256="") & models.Q(base_rows__gt=0),
                name="request_base_rows_complete",
            ),
            # Coalitions begin at the buyer's own rows or at rows that say nothing; a model that names none of these has
            # no such key, which passes.
            models.CheckConstraint(
                condition=models.Q(base_rows=0) | models.Q(model_spec__start_rows=0), name="request_begins_one_way"
            ),
            models.CheckConstraint(
                condition=models.Q(pot_minor__isnull=True) | models.Q(pot_minor__gt=0), name="request_pot_above_zero"
            ),
            models.CheckConstraint(
                condition=models.Q(precision_target__gt=0, precision_target__lte=0.5), name="request_precision_in_range"
            ),
        ]
        triggers = [
            # Never back to draft: a draft's terms may change.
            pgtrigger.FSM(
                name="request_state",
                field="state",
                transitions=[("draft", "open"), ("draft", "discarded"), ("open", "closed")],
            ),
            pgtrigger.ReadOnly(name="request_identity", fields=["id", "buyer", "created_at"]),
            # What sellers are measured by was committed at opening.
            pgtrigger.Protect(
                name="terms",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft") & ANY_TERM_CHANGES,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
