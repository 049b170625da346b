"""What waited on a seller's account and is on its way now: which line, why, and who let it go."""

import pgtrigger
from django.db import models

from marketplace.models import User
from payouts.models.lines import PayoutLine
from payouts.models.rounds import PayoutRound


class LineRelease(models.Model):
    """A line that was held or carried over leaves once; its money was credited when its round was posted."""

    class Reason(models.TextChoices):
        DETAILS_GIVEN = "details_given", "Payout details are given"
        PAUSE_OVER = "pause_over", "The pause after changed payout details is over"
        MINIMUM_REACHED = "minimum_reached", "With a later round the balance reached the minimum"

    line = models.OneToOneField(PayoutLine, on_delete=models.PROTECT, related_name="release")
    reason = models.CharField(max_length=15, choices=Reason.choices)
    # The later round whose payment takes a carried balance along.
    payout_round = models.ForeignKey(PayoutRound, null=True, on_delete=models.PROTECT, related_name="released_lines")
    at = models.DateTimeField(auto_now_add=True)
    # Null where the sweeper saw that nothing holds the line any more.
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason="minimum_reached", payout_round__isnull=False)
                | models.Q(reason__in=["details_given", "pause_over"], payout_round__isnull=True),
                name="release_by_a_round_reached_the_minimum",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"release of {self.line_id}: {self.reason}"
