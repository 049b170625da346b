"""What one seller organisation earns in one round, with both intervals of value, share and amount."""

from fractions import Fraction

import pgtrigger
from django.db import models

from marketplace.models import Organization
from payouts.core.allocation import Reason
from payouts.models.rounds import PayoutRound

LINE_TRANSITIONS = (
    ("pending", "held"),
    ("pending", "below_minimum"),
    ("pending", "action_required"),
    ("pending", "approved"),
    # Posting finds out whether the money can be sent; what waits leaves by a release (ADR 0009).
    ("approved", "held"),
    ("approved", "action_required"),
    ("below_minimum", "held"),
    ("below_minimum", "action_required"),
    ("below_minimum", "submitted"),
    ("held", "submitted"),
    ("action_required", "submitted"),
    ("approved", "submitted"),
    ("submitted", "paid"),
    ("paid", "returned"),
    ("paid", "reversed"),
)


class PayoutLine(models.Model):
    class State(models.TextChoices):
        PENDING = "pending"
        HELD = "held"
        BELOW_MINIMUM = "below_minimum"
        ACTION_REQUIRED = "action_required"
        APPROVED = "approved"
        SUBMITTED = "submitted"
        PAID = "paid"
        RETURNED = "returned"
        REVERSED = "reversed"

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="lines")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payout_lines")
    # The beneficial owner when the round was computed; linking accounts later changes no old round.
    owner_key = models.BigIntegerField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=15, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=20, choices=[(reason.value, reason.value) for reason in Reason])
    rows = models.PositiveIntegerField()
    amount_minor = models.PositiveBigIntegerField()
    amount_lower_minor = models.PositiveBigIntegerField()
    amount_upper_minor = models.PositiveBigIntegerField()
    amount_validation_lower_minor = models.PositiveBigIntegerField(null=True)
    amount_validation_upper_minor = models.PositiveBigIntegerField(null=True)
    # Text, because an exact quotient of float64 sums has hundreds of digits.
    share_numerator = models.TextField()
    share_denominator = models.TextField()
    share_lower = models.FloatField()
    share_upper = models.FloatField()
    share_validation_lower = models.FloatField(null=True)
    share_validation_upper = models.FloatField(null=True)
    value = models.FloatField(help_text="In units of the buyer's metric.")
    value_lower = models.FloatField()
    value_upper = models.FloatField()
    value_validation_lower = models.FloatField(null=True)
    value_validation_upper = models.FloatField(null=True)
    chance = models.FloatField(
        null=True, help_text="That the owner's rows are not worth nothing; null where the policy did not ask."
    )

    class Meta:
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "organization"], name="line_one_per_organization"),
            models.UniqueConstraint(fields=["round", "number"], name="line_number_unique"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "pending",
                        "held",
                        "below_minimum",
                        "action_required",
                        "approved",
                        "submitted",
                        "paid",
                        "returned",
                        "reversed",
                    ]
                ),
                name="line_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(chance__isnull=True) | models.Q(chance__gt=0, chance__lte=1),
                name="line_chance_is_one",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_lower_minor__lte=models.F("amount_minor"))
                & models.Q(amount_minor__lte=models.F("amount_upper_minor")),
                name="line_interval_holds_the_amount",
                violation_error_message="The interval of an amount must contain it.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="line_starts_pending",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state="pending"),
            ),
            pgtrigger.Trigger(
                name="line_while_valuing",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT 1 FROM payouts_payoutround WHERE id = NEW.round_id AND state = 'valuing') THEN
                        RAISE EXCEPTION 'Lines are added only while their round is valuing.';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="line_release_recorded",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(
                    old__state__in=["held", "action_required", "below_minimum"], new__state="submitted"
                ),
                func="""
                    IF NOT EXISTS (SELECT 1 FROM payouts_linerelease WHERE line_id = NEW.id) THEN
                        RAISE EXCEPTION 'What waited leaves by a release, and line % has none.', NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.FSM(name="line_state", field="state", transitions=list(LINE_TRANSITIONS)),
            # Nothing but the state ever moves, so an approved line is frozen and a reviewed one cannot drift either.
            pgtrigger.ReadOnly(name="line_facts", exclude=["state"]),
            pgtrigger.Protect(name="line_is_history", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"line {self.number} of {self.round_id}"

    @property
    def share(self) -> Fraction:
        return Fraction(int(self.share_numerator), int(self.share_denominator))
