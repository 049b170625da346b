"""The second signature: who approved a round, and of exactly what."""

import pgtrigger
from django.db import models

from marketplace.models import User
from marketplace.people.second_factor_proof import PROOF_VALID_FOR, PROOF_VALID_WORDS
from payouts.models.rounds import PayoutRound


class Approval(models.Model):
    """Another person's signature under exactly these inputs and lines."""

    round = models.OneToOneField(PayoutRound, on_delete=models.PROTECT, related_name="approval")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    inputs_sha256 = models.CharField(max_length=64)
    lines_sha256 = models.CharField(max_length=64)
    mfa_at = models.DateTimeField(help_text="When the approver last proved the second factor.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mfa_at__lte=models.F("at")) & models.Q(mfa_at__gte=models.F("at") - PROOF_VALID_FOR),
                name="approval_after_the_second_factor",
                violation_error_message=f"The second factor must have been proved in the {PROOF_VALID_WORDS} before.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="approval_four_eyes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM payouts_payoutround WHERE id = NEW.round_id AND triggered_by_id = NEW.by_id
                    ) THEN
                        RAISE EXCEPTION 'Whoever triggered a round cannot approve it.';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"approval of {self.round_id} by {self.by_id}"
