"""What the database refuses of a payout round: moves out of order, missing signatures, sums that do not close."""

from functools import partial, reduce
from operator import or_

import pgtrigger
from django.db import models

TRANSITIONS = (
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

CONSTRAINTS = (
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
        condition=~models.Q(state__in=["posted", "paid"]) | models.Q(posted_by__isnull=False, posted_at__isnull=False),
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
)

_before_update = partial(pgtrigger.Trigger, when=pgtrigger.Before, operation=pgtrigger.Update)


def _changed(*fields: str) -> pgtrigger.Q:
    return reduce(or_, (pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")}) for field in fields))


# SQL stands as far in as it did when the migrations were made: they know a trigger by its text, white space included.
TRIGGERS = (
    pgtrigger.Protect(
        name="round_starts_as_draft",
        operation=pgtrigger.Insert,
        condition=~pgtrigger.Q(new__state="draft"),
    ),
    pgtrigger.FSM(name="round_state", field="state", transitions=list(TRANSITIONS)),
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
    _before_update(
        name="round_frozen_inputs",
        condition=~pgtrigger.Q(old__state="draft") & _changed("run", "inputs_sha256", "triggered_by", "triggered_at"),
        func="RAISE EXCEPTION 'The inputs of a round are frozen once it is triggered.';",
    ),
    _before_update(
        name="round_frozen_result",
        condition=~pgtrigger.Q(old__state__in=["draft", "valuing"])
        & _changed("fee_minor", "unallocated_minor", "lines_sha256", "reviewed_at"),
        func="RAISE EXCEPTION 'The result of a round is frozen once it is in review.';",
    ),
    # Who decided, posted and paid, and when. Moves of the state are the state machine's to refuse, and the link
    # to a successor the check's: neither can be set here.
    _before_update(
        name="round_approved_is_history",
        condition=pgtrigger.Q(old__state__in=["approved", "posted", "paid"]) & _changed("approved_by", "approved_at"),
        func="RAISE EXCEPTION 'Who approved a round, and when, is history.';",
    ),
    _before_update(
        name="round_posted_is_history",
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
    _before_update(
        name="round_paid_is_history",
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
    _before_update(
        name="round_sums",
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
    _before_update(
        name="round_needs_approval",
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
    _before_update(
        name="round_lines_settled",
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
)
