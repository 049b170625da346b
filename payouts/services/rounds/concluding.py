"""A valuation has ended: turn its values into lines, prove the sums, and put the round before its reviewers."""

import uuid
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from marketplace.services import events
from payouts.core.allocation import Allocation, AllocationError, Entitlement, Reason
from payouts.core.intervals import Interval, money_interval, share_intervals, value_intervals
from payouts.models import AuditReport, PayoutLine, PayoutRound
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.balances import carried_minor
from payouts.selectors.money.digest import lines_sha256
from payouts.selectors.money.entitlements import PAYING_RULE, entitlements, owner_keys
from payouts.services import attacks, locks
from payouts.services.figures import audit_figures
from payouts.services.rounds.ending import end
from payouts.services.rounds.telling import tell_approvers
from valuation.models import ValuationRun
from valuation.selectors import runs as valuation
from valuation.selectors.runs import RuleValues, RunOutcome

log = structlog.get_logger(__name__)


@transaction.atomic
def conclude_valuing(*, run_id: str) -> PayoutRound | None:
    """Act once on the end of a run; a repeat, a run without a round and a run that still works change nothing."""
    known = PayoutRound.objects.filter(run_id=uuid.UUID(run_id)).values_list("pk", flat=True).first()
    if known is None:
        return None
    payout_round = locks.lock_round(known)
    run = ValuationRun.objects.get(pk=run_id)
    if payout_round.state != PayoutRound.State.VALUING or not run.has_ended:
        return payout_round
    if run.state != ValuationRun.State.FINISHED:
        reason = run.error or "The valuation was cancelled."
        return end(payout_round, PayoutRound.State.FAILED, by=None, reason=reason)
    outcome = valuation.outcome(run)
    try:
        allocation = entitlements(
            outcome,
            pot_minor=payout_round.pot_minor,
            policy=policy_from_snapshot(payout_round.policy_snapshot),
            salt=str(payout_round.pk),
            owners=owner_keys([player.organization_id for player in outcome.players]),
            carried_minor=carried_minor(payout_round.currency),
        )
    except AllocationError as error:
        log.warning("round.failed", round_id=str(payout_round.pk), error=str(error))
        return end(payout_round, PayoutRound.State.FAILED, by=None, reason=str(error))
    return _put_into_review(payout_round, run, outcome, allocation)


def _put_into_review(
    payout_round: PayoutRound, run: ValuationRun, outcome: RunOutcome, allocation: Allocation
) -> PayoutRound:
    lines = _lines(payout_round, outcome, allocation)
    PayoutLine.objects.bulk_create(lines)
    payout_round.fee_minor = allocation.fee_minor
    payout_round.unallocated_minor = allocation.unallocated_minor
    # Read back, so that what is hashed is what the database holds.
    payout_round.lines_sha256 = lines_sha256(payout_round, payout_round.lines.all())
    payout_round.state = PayoutRound.State.IN_REVIEW
    payout_round.reviewed_at = timezone.now()
    payout_round.save()
    AuditReport.objects.create(round=payout_round, figures=audit_figures(payout_round, run, outcome, allocation))
    data = {"lines_sha256": payout_round.lines_sha256, "lines": len(lines)}
    events.record(action="round.in_review", subject=payout_round, by=None, data=data)
    tell_approvers(payout_round)
    attacks.send_all(payout_round)
    return payout_round


def _lines(payout_round: PayoutRound, outcome: RunOutcome, allocation: Allocation) -> list[PayoutLine]:
    rule = outcome.rules[PAYING_RULE]
    sampled = _figures_by_account(payout_round, allocation, rule, rule.covariance)
    validated: list[dict[str, Any]] = [{} for _ in allocation.accounts]
    if rule.validation_covariance is not None:
        figures = _figures_by_account(payout_round, allocation, rule, rule.validation_covariance)
        validated = [{_validation_name(name): figure for name, figure in row.items()} for row in figures]
    valued = [
        PayoutLine(
            round=payout_round,
            organization_id=int(account.key),
            owner_key=int(account.owner_key),
            number=number,
            reason=account.reason.value,
            rows=player.rows,
            amount_minor=account.amount_minor,
            share_numerator=str(account.share.numerator),
            share_denominator=str(account.share.denominator),
            value=float(account.value),
            chance=account.chance if allocation.worths is not None else None,
            **sampled[number - 1],
            **validated[number - 1],
        )
        for number, (account, player) in enumerate(zip(allocation.accounts, outcome.players, strict=True), start=1)
    ]
    return valued + _lines_of_nothing(payout_round, outcome, first_number=len(valued) + 1)


def _lines_of_nothing(payout_round: PayoutRound, outcome: RunOutcome, *, first_number: int) -> list[PayoutLine]:
    """Sellers whose rows were all left out as copies: nothing was measured of them, and they are told so by a line."""
    return [
        PayoutLine(
            round=payout_round,
            organization_id=organization_id,
            owner_key=int(owner_key),
            number=number,
            reason=Reason.COPIES.value,
            rows=0,
            amount_minor=0,
            share_numerator="0",
            share_denominator="1",
            value=0.0,
            value_lower=0.0,
            value_upper=0.0,
            share_lower=0.0,
            share_upper=0.0,
            amount_lower_minor=0,
            amount_upper_minor=0,
        )
        for number, (organization_id, owner_key) in enumerate(
            zip(outcome.left_out, owner_keys(list(outcome.left_out)), strict=True), start=first_number
        )
    ]


def _figures_by_account(
    payout_round: PayoutRound, allocation: Allocation, rule: RuleValues, covariance: Any
) -> list[dict[str, Any]]:
    """Intervals of value, share and amount under one of the two errors, by account."""
    policy = policy_from_snapshot(payout_round.policy_snapshot)
    values = value_intervals(rule.values, covariance)
    shares = share_intervals(allocation, covariance, floor=policy.floor, cap=policy.cap)
    rows = zip(allocation.accounts, values, shares, strict=True)
    return [_bounds(account, value, share, allocation.distributable_minor) for account, value, share in rows]


def _bounds(account: Entitlement, value: Interval, share: Interval, distributable_minor: int) -> dict[str, Any]:
    money = money_interval(share, distributable_minor=distributable_minor, amount_minor=account.amount_minor)
    return {
        "value_lower": value.lower,
        "value_upper": value.upper,
        "share_lower": share.lower,
        "share_upper": share.upper,
        "amount_lower_minor": money.lower_minor,
        "amount_upper_minor": money.upper_minor,
    }


def _validation_name(name: str) -> str:
    subject, _, bound = name.partition("_")
    return f"{subject}_validation_{bound}"
