"""A payout round: one pot, one valuation, one decision. Its states are design section 6; the database keeps them."""

import datetime as dt
import uuid

import pgtrigger
from django.db import models

from marketplace.models import DataRequest, User
from payouts.models.policies import PayoutPolicy
from valuation.models import ValuationRun

# How long a proof of the second factor carries an approval.
MFA_VALID_FOR = dt.timedelta(minutes=10)

ROUND_TRANSITIONS = (
    ("draft", "valuing"),
    ("draft", "cancelled"),
    ("valuing", "in_review"),
    ("valuing", "failed"),
    ("in_review", "approved"),
    ("in_review", "cancelled"),
    ("in_review", "superseded"),
    ("approved", "posted"),
    ("posted", "paid"),
)


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
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "draft",
                        "valuing",
                        "in_review",
                        "approved",
                        "posted",
                        "paid",
                        "failed",
                        "cancelled",
                        "superseded",
                    ]
                ),
                name="round_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(pot_minor__gt=0),
                name="round_pot_positive",
                violation_error_message="The pot must be above 0.",
            ),
            models.CheckConstraint(
                condition=models.Q(precision_target__gt=0, precision_target__lt=1, evaluations_max__gt=0),
                name="round_precision_and_budget",
                violation_error_message="The precision lies between 0 and 100 % and the budget is above 0.",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("triggered_by")),
                name="round_four_eyes",
                violation_error_message="Whoever triggered a round cannot approve it.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "cancelled"])
                | models.Q(run__isnull=False, triggered_by__isnull=False, triggered_at__isnull=False)
                & ~models.Q(inputs_sha256=""),
                name="round_valued_has_a_run",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "posted", "paid"])
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="round_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["posted", "paid"])
                | models.Q(posted_by__isnull=False, posted_at__isnull=False),
                name="round_posted_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="paid")
                | models.Q(paid_by__isnull=False, paid_at__isnull=False) & ~models.Q(bank_reference=""),
                name="round_paid_has_a_bank_reference",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "cancelled", "superseded"])
                | models.Q(ended_at__isnull=False) & ~models.Q(ended_reason=""),
                name="round_ended_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(state="superseded", superseded_by__isnull=False)
                | ~models.Q(state="superseded") & models.Q(superseded_by__isnull=True),
                name="round_superseded_by_a_round",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="round_queue")]
        triggers = [
            pgtrigger.Protect(
                name="round_starts_as_draft",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state="draft"),
            ),
            pgtrigger.FSM(name="round_state", field="state", transitions=list(ROUND_TRANSITIONS)),
            pgtrigger.Protect(name="round_is_history", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="round_terms",
                fields=[
                    "id",
                    "request",
                    "pot_minor",
                    "currency",
                    "policy",
                    "policy_snapshot",
                    "seed",
                    "precision_target",
                    "evaluations_max",
                    "created_by",
                    "created_at",
                ],
            ),
            pgtrigger.Trigger(
                name="round_frozen_inputs",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft")
                & (
                    pgtrigger.Q(old__run__df=pgtrigger.F("new__run"))
                    | pgtrigger.Q(old__inputs_sha256__df=pgtrigger.F("new__inputs_sha256"))
                    | pgtrigger.Q(old__triggered_by__df=pgtrigger.F("new__triggered_by"))
                    | pgtrigger.Q(old__triggered_at__df=pgtrigger.F("new__triggered_at"))
                ),
                func="RAISE EXCEPTION 'The inputs of a round are frozen once it is triggered.';",
            ),
            pgtrigger.Trigger(
                name="round_frozen_result",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state__in=["draft", "valuing"])
                & (
                    pgtrigger.Q(old__fee_minor__df=pgtrigger.F("new__fee_minor"))
                    | pgtrigger.Q(old__unallocated_minor__df=pgtrigger.F("new__unallocated_minor"))
                    | pgtrigger.Q(old__lines_sha256__df=pgtrigger.F("new__lines_sha256"))
                    | pgtrigger.Q(old__reviewed_at__df=pgtrigger.F("new__reviewed_at"))
                ),
                func="RAISE EXCEPTION 'The result of a round is frozen once it is in review.';",
            ),
            # Who decided, posted and paid, and when. Moves of the state are the state machine's to refuse, and the link
            # to a successor the check's: neither can be set here.
            pgtrigger.Trigger(
                name="round_approved_is_history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["approved", "posted", "paid"])
                & (
                    pgtrigger.Q(old__approved_by__df=pgtrigger.F("new__approved_by"))
                    | pgtrigger.Q(old__approved_at__df=pgtrigger.F("new__approved_at"))
                ),
                func="RAISE EXCEPTION 'Who approved a round, and when, is history.';",
            ),
            pgtrigger.Trigger(
                name="round_posted_is_history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="posted"),
                func="""
                    IF to_jsonb(NEW) - '{state,superseded_by_id,paid_by_id,paid_at,bank_reference}'::text[]
                        <> to_jsonb(OLD) - '{state,superseded_by_id,paid_by_id,paid_at,bank_reference}'::text[]
                    THEN
                        RAISE EXCEPTION 'Posted round % is history; only its payment is still to come.', NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="round_paid_is_history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="paid"),
                func="""
                    IF to_jsonb(NEW) - '{state,superseded_by_id}'::text[]
                        <> to_jsonb(OLD) - '{state,superseded_by_id}'::text[]
                    THEN
                        RAISE EXCEPTION 'Paid round % is history.', NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="round_sums",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__state__in=["in_review", "approved", "posted", "paid"]),
                declare=[("lines_minor", "NUMERIC")],
                func="""
                    SELECT COALESCE(SUM(amount_minor), 0) INTO lines_minor
                    FROM payouts_payoutline WHERE round_id = NEW.id;
                    IF lines_minor + NEW.fee_minor + NEW.unallocated_minor <> NEW.pot_minor THEN
                        RAISE EXCEPTION 'Lines of %, fee and unallocated rest do not sum to the pot of round %.',
                            lines_minor, NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="round_needs_approval",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="in_review", new__state="approved"),
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM payouts_approval WHERE round_id = NEW.id AND by_id = NEW.approved_by_id
                        AND inputs_sha256 = NEW.inputs_sha256 AND lines_sha256 = NEW.lines_sha256
                    ) THEN
                        RAISE EXCEPTION 'Round % has no approval of these inputs and lines.', NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="round_lines_settled",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="posted", new__state="paid"),
                func="""
                    IF EXISTS (
                        SELECT 1 FROM payouts_payoutline WHERE round_id = NEW.id
                        AND state NOT IN ('paid', 'held', 'action_required', 'below_minimum', 'returned')
                    ) THEN
                        RAISE EXCEPTION 'Round % still has a line that is neither paid, nor waiting, nor returned.',
                            NEW.id;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

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
                condition=models.Q(mfa_at__lte=models.F("at")) & models.Q(mfa_at__gte=models.F("at") - MFA_VALID_FOR),
                name="approval_after_the_second_factor",
                violation_error_message="The second factor must have been proved in the 10 minutes before.",
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
