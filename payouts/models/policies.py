"""How a pot is split, as explicit columns; a round keeps its own copy."""

from fractions import Fraction
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models

from payouts.core.policy import BASIS_POINTS, Policy, Rule

AT_MOST_ALL = [MaxValueValidator(BASIS_POINTS)]


class PayoutPolicy(models.Model):
    class Negative(models.TextChoices):
        CLIP = "clip", "A negative value earns nothing and owes nothing"

    name = models.CharField(max_length=80, unique=True)
    negative = models.CharField(max_length=10, choices=Negative.choices, default=Negative.CLIP)
    rule = models.CharField(
        max_length=10, choices=[(rule.value, rule.value) for rule in Rule], default=Rule.CHANCE.value
    )
    # Basis points: hundredths of a percent, so that a policy is exact without a fraction type in the database.
    cap_basis_points = models.PositiveIntegerField(default=BASIS_POINTS, validators=AT_MOST_ALL)
    floor_basis_points = models.PositiveIntegerField(default=0, validators=AT_MOST_ALL)
    minimum_minor = models.PositiveBigIntegerField(default=0)
    fee_basis_points = models.PositiveIntegerField(default=0, validators=AT_MOST_ALL)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="policy_one_default",
                violation_error_message="Another policy is the default already.",
            ),
            models.CheckConstraint(
                condition=models.Q(floor_basis_points__lte=models.F("cap_basis_points"))
                & models.Q(cap_basis_points__gt=0, cap_basis_points__lte=BASIS_POINTS),
                name="policy_floor_and_cap",
                violation_error_message="The floor must not exceed the cap, and the cap lies above 0 up to 100 %.",
            ),
            models.CheckConstraint(
                condition=models.Q(fee_basis_points__lt=BASIS_POINTS),
                name="policy_fee_leaves_something",
                violation_error_message="The platform fee must stay below 100 %.",
            ),
            models.CheckConstraint(condition=models.Q(negative="clip"), name="policy_negative_known"),
            models.CheckConstraint(
                condition=models.Q(rule__in=[rule.value for rule in Rule]), name="policy_rule_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def snapshot(self) -> dict[str, Any]:
        """The parameters as a round keeps them: a later edit of the policy changes no round."""
        return {
            "name": self.name,
            "negative": self.negative,
            "rule": str(self.rule),
            "cap_basis_points": self.cap_basis_points,
            "floor_basis_points": self.floor_basis_points,
            "minimum_minor": self.minimum_minor,
            "fee_basis_points": self.fee_basis_points,
        }


def policy_from_snapshot(snapshot: dict[str, Any]) -> Policy:
    """The core's policy behind a round's snapshot."""
    return Policy(
        negative=snapshot["negative"],
        rule=rule_of(snapshot),
        cap=Fraction(snapshot["cap_basis_points"], BASIS_POINTS),
        floor=Fraction(snapshot["floor_basis_points"], BASIS_POINTS),
        minimum_minor=snapshot["minimum_minor"],
        fee_basis_points=snapshot["fee_basis_points"],
    )


def rule_of(snapshot: dict[str, Any]) -> Rule:
    """The rule of pay of a round's snapshot; those of before there were three say whether there was a gate."""
    if "rule" in snapshot:
        return Rule(snapshot["rule"])
    return Rule.GATE if snapshot["significant_only"] else Rule.CLIP
