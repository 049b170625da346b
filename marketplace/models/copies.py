"""Copies between what sellers brought: which files were compared, what was found, and what an operator decided."""

import uuid

import pgtrigger
from django.db import models

from marketplace.models.accounts import User
from marketplace.models.datasets import DatasetVersion
from marketplace.models.requests import DataRequest


class CopyComparison(models.Model):
    """A version that was compared with an earlier one, itself, or the validation rows. A round waits until all are."""

    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="copy_comparisons")
    earlier = models.ForeignKey(
        DatasetVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty for the buyer's validation rows.",
    )
    later = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=40)
    seconds = models.FloatField()
    compared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["earlier", "later", "method"], nulls_distinct=False, name="copy_comparison_unique"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.earlier_id} compared with {self.later_id}"


class CopyFinding(models.Model):
    """More rows alike than chance predicts. Nothing follows from it until an operator has decided."""

    class Kind(models.TextChoices):
        EXACT = "exact"
        REORDERED = "reordered"
        ROUNDED = "rounded"
        JITTERED = "jittered"
        WITHIN = "within"
        # Alike where one column is left out of the comparison: between two files, or within one.
        BUT_ONE = "but_one"

    class State(models.TextChoices):
        OPEN = "open"
        BOTH_KEEP = "both_keep"
        FIRST_KEEPS = "first_keeps"
        DISPUTED = "disputed"

    # A dispute is settled outside; afterwards it is decided like any other finding.
    UNDECIDED = (State.OPEN, State.DISPUTED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="copy_findings")
    first = models.ForeignKey(
        DatasetVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Uploaded first; empty where the rows are like the buyer's validation rows.",
    )
    second = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    method = models.CharField(
        max_length=40,
        blank=True,
        help_text="What a later method finds beyond these rows is another finding. Empty before methods were written.",
    )
    rows_matched = models.PositiveIntegerField(help_text="Rows of the second version that are like a row of the first.")
    expected_by_chance = models.FloatField(help_text="How many of them innocent files of this kind would share.")
    log10_p_value = models.FloatField(help_text="Upper bound of the probability that chance alone shares as many.")
    pairs = models.JSONField(help_text="[row of the first version, row of the second], counted from 0.")
    columns_ignored = models.JSONField(
        default=list,
        blank=True,
        help_text="Names of the columns of which each pair may differ in one, whatever it says.",
    )
    found_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "kind", "method"], nulls_distinct=False, name="copy_finding_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["exact", "reordered", "rounded", "jittered"])
                & ~models.Q(first=models.F("second"))
                | models.Q(kind="within", first__isnull=False, first=models.F("second"))
                | models.Q(kind="but_one"),
                name="copy_finding_kind_fits",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="but_one") & ~models.Q(columns_ignored=[])
                | ~models.Q(kind="but_one") & models.Q(columns_ignored=[]),
                name="copy_finding_names_columns",
            ),
            models.CheckConstraint(condition=models.Q(rows_matched__gt=0), name="copy_finding_has_rows"),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_by__isnull=True, decided_at__isnull=True, reason="")
                | models.Q(state__in=["both_keep", "first_keeps", "disputed"], decided_by__isnull=False)
                & models.Q(decided_at__isnull=False)
                & ~models.Q(reason=""),
                name="copy_finding_decided_by_somebody",
                violation_error_message="A decision names who decided, when and why.",
            ),
        ]
        indexes = [models.Index(fields=["request", "state"], name="copy_finding_by_request")]
        triggers = [
            pgtrigger.Protect(
                name="finding_starts_open",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state="open"),
            ),
            pgtrigger.FSM(
                name="finding_state",
                field="state",
                transitions=[
                    ("open", "both_keep"),
                    ("open", "first_keeps"),
                    ("open", "disputed"),
                    ("disputed", "both_keep"),
                    ("disputed", "first_keeps"),
                ],
            ),
            pgtrigger.ReadOnly(
                name="finding_evidence",
                fields=[
                    "request",
                    "first",
                    "second",
                    "kind",
                    "method",
                    "rows_matched",
                    "expected_by_chance",
                    "log10_p_value",
                    "pairs",
                    "columns_ignored",
                    "found_at",
                ],
            ),
            # Every update is a move: whoever decided stays named, with the reason given.
            pgtrigger.Protect(
                name="finding_decision_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=pgtrigger.F("new__state")),
            ),
            pgtrigger.Protect(name="finding_stays", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        first = self.first_id or "the validation rows"
        return f"{self.rows_matched} {self.kind} rows of {first} in {self.second_id} ({self.state})"

    @property
    def is_within(self) -> bool:
        """Whether the rows are alike inside one file."""
        return self.first_id == self.second_id

    @property
    def is_of_validation(self) -> bool:
        """Whether the rows are like the buyer's validation rows, which no seller has uploaded."""
        return self.first_id is None

    def shown(self, state: str) -> str:
        """A state by the name that says what it means: of validation rows nobody keeps anything."""
        if not self.is_of_validation:
            return state
        return {self.State.FIRST_KEEPS.value: "left_out", self.State.BOTH_KEEP.value: "rows_count"}.get(state, state)

    @property
    def state_shown(self) -> str:
        return self.shown(self.state)
