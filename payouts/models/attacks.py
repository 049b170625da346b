"""What somebody would have gained by cheating in a round: a row for each attack and budget, written once."""

from django.db import models

from marketplace.basics.documents import DocumentField
from marketplace.models import User
from payouts.documents import AttackFigures
from payouts.models.reports import APPEND_ONLY
from payouts.models.rounds import PayoutRound


class AttackTest(models.Model):
    """One attack that was tried, or that could not be; more evaluations make another row, and the earlier stays."""

    class Kind(models.TextChoices):
        SHELLS_RANDOM = "shells_random", "Shells, rows dealt at random"
        SHELLS_BY_SIZE = "shells_by_size", "Shells of very different sizes"
        SHELLS_BY_LABEL = "shells_by_label", "Shells, rows sorted by their label"
        NULL_SHELLS = "null_shells", "Up to fifty accounts of worthless rows"
        NULL_SHELLS_MANY = "null_shells_many", "Five hundred accounts of worthless rows"
        COPIER = "copier", "A copy of the best-paid seller's rows"
        COPIER_SMALLEST = "copier_smallest", "A copy of the smallest seller's rows"
        LABELS_FLIPPED = "labels_flipped", "Rows whose labels are all flipped"
        HALF_FLIPPED = "half_flipped", "Rows of which half have flipped labels"
        ONE_CLASS = "one_class", "Rows of one class only"
        OUTLIERS = "outliers", "Rows with numbers a hundred times too large"
        MERGERS = "mergers", "Two sellers who count as one owner"

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="attack_tests")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    times = models.PositiveSmallIntegerField(default=1, help_text="How many times the first budget of evaluations.")
    figures: "models.Field[AttackFigures, AttackFigures]" = DocumentField(AttackFigures)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "kind", "times"], name="attack_tried_once_per_kind_and_budget")
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} on {self.round_id}, {self.times} times the budget"


class AttackRetry(models.Model):
    """Somebody asked for all attacks again with a larger budget."""

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="attack_retries")
    times = models.PositiveSmallIntegerField(help_text="How many times the first budget of evaluations.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["times"]
        constraints = [
            models.UniqueConstraint(fields=["round", "times"], name="attacks_asked_again_once_per_budget"),
            models.CheckConstraint(condition=models.Q(times__gt=1), name="attacks_asked_again_with_more"),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"attacks on {self.round_id}, {self.times} times the budget"


class AttackProgress(models.Model):
    """An attack between two tasks; gone once the attack is tried."""

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=AttackTest.Kind.choices)
    times = models.PositiveSmallIntegerField()
    method_version = models.CharField(max_length=40, help_text="Two methods must not share one result.")
    archive = models.BinaryField(help_text="What is merged so far.")
    wave = models.JSONField(help_text="The blocks that are left of the wave.")
    evaluations = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "kind", "times"], name="attack_goes_on_from_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.round_id} after {self.evaluations} evaluations"
