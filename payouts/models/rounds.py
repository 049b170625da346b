"""A payout round: one pot, one valuation, one decision. docs/states.md draws its states; the database keeps them."""

import uuid

from django.db import models

from marketplace.models import DataRequest, User
from payouts.models import round_rules
from payouts.models.policies import PayoutPolicy
from valuation.models import ValuationRun


class PayoutRound(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft"
        VALUING = "valuing"
        IN_REVIEW = "in_review"
        APPROVED = "approved"
        POSTED = "posted"
        PAID = "paid"
        FAILED = "failed"
        CANCELLED = "cancelled"
        SUPERSEDED = "superseded"

    # From posting on the amounts are facts that accounting may read.
    SETTLED = (State.POSTED, State.PAID)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="rounds")
    run = models.OneToOneField(ValuationRun, null=True, on_delete=models.PROTECT, related_name="payout_round")
    pot_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    policy = models.ForeignKey(PayoutPolicy, on_delete=models.PROTECT, related_name="rounds")
    policy_snapshot = models.JSONField()
    seed = models.PositiveBigIntegerField()
    precision_target = models.FloatField(help_text="Largest allowed 95 % half-width of a share.")
    evaluations_max = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    triggered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    triggered_at = models.DateTimeField(null=True)
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    # Set when the lines are computed: lines + fee + unallocated = pot.
    fee_minor = models.PositiveBigIntegerField(default=0)
    unallocated_minor = models.PositiveBigIntegerField(default=0)
    lines_sha256 = models.CharField(max_length=64, blank=True)
    reviewed_at = models.DateTimeField(null=True, help_text="When the lines were ready for review.")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    posted_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    paid_at = models.DateTimeField(null=True)
    bank_reference = models.CharField(max_length=140, blank=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True, help_text="Why it failed, was cancelled or was superseded.")
    superseded_by = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="supersedes")

    class Meta:
        ordering = ["-created_at"]
        constraints = list(round_rules.CONSTRAINTS)
        indexes = [models.Index(fields=["state", "created_at"], name="round_queue")]
        triggers = list(round_rules.TRIGGERS)

    def __str__(self) -> str:
        return f"round {self.pk} ({self.state})"

    @property
    def started_run(self) -> ValuationRun:
        """The run of a round that was triggered.

        Raises:
            ValueError: The round is still a draft, or was given up as one.
        """
        if self.run is None:
            raise ValueError(f"{self} has no run")
        return self.run

    @property
    def distributable_minor(self) -> int:
        return self.pot_minor - self.fee_minor
