"""What somebody would have gained by cheating in a round: one row for each attack that was tried, written once."""

from django.db import models

from payouts.models.reports import APPEND_ONLY
from payouts.models.rounds import PayoutRound


class AttackTest(models.Model):
    class Kind(models.TextChoices):
        SHELLS_RANDOM = "shells_random", "Shells, rows dealt at random"
        SHELLS_BY_SIZE = "shells_by_size", "Shells of very different sizes"
        SHELLS_BY_LABEL = "shells_by_label", "Shells, rows sorted by their label"
        NULL_SHELLS = "null_shells", "Twenty accounts of worthless rows"
        COPIER = "copier", "A copy of the best-paid seller's rows"

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="attack_tests")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    figures = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["round", "kind"], name="attack_tried_once_per_kind")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} on {self.round_id}"
