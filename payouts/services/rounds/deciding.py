"""Four eyes: another person signs exactly these inputs and lines, with a fresh second factor."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from marketplace.models import User
from marketplace.people.second_factor_proof import PROOF_VALID_FOR, PROOF_VALID_WORDS
from marketplace.services import events
from payouts.core.allocation import Reason
from payouts.errors import (
    ChangedSinceReviewError,
    FourEyesError,
    OwnersUnclearError,
    RoundStateError,
    SecondFactorError,
)
from payouts.models import Approval, PayoutLine, PayoutRound
from payouts.selectors.money.digest import lines_sha256 as digest_of
from payouts.selectors.round.risk_checks import unlinked_with_one_account
from payouts.services import locks


@transaction.atomic
def approve(
    *,
    payout_round: PayoutRound,
    by: User,
    mfa_at: dt.datetime | None,
    lines_sha256: str,
    owners_differ: bool = False,
) -> PayoutRound:
    """Approve a round in review; `lines_sha256` is the hash on the page that the approver read.

    `owners_differ` is the approver's word that sellers who share a bank account and are not linked have different
    owners: one owner's amounts follow from all its rows together, so two of them must not be paid as two by oversight.

    Raises:
        RoundStateError: The round is not in review.
        FourEyesError: The approver triggered the round, or belongs to a seller in it.
        OwnersUnclearError: Unlinked sellers share a bank account, and the approver did not say that owners differ.
        SecondFactorError: The second factor was not proved lately enough.
        ChangedSinceReviewError: Inputs or lines differ from what was reviewed.
    """
    payout_round = locks.lock_round(payout_round.pk)
    lines = list(locks.lock_lines(payout_round))
    now = timezone.now()
    if payout_round.state != PayoutRound.State.IN_REVIEW:
        raise RoundStateError(f"The round is {payout_round.get_state_display().lower()}, not in review.")
    _require_other_eyes(payout_round, lines, by)
    shared = unlinked_with_one_account(payout_round)
    if shared and not owners_differ:
        raise OwnersUnclearError(
            "Sellers that are not linked are paid into one bank account.",
            remedy="Link them under Owners and replace the round, or confirm that their owners differ.",
        )
    proved_at = _fresh(mfa_at, now)
    _require_unchanged(payout_round, lines, lines_sha256)

    Approval.objects.create(
        round=payout_round,
        by=by,
        at=now,
        inputs_sha256=payout_round.inputs_sha256,
        lines_sha256=payout_round.lines_sha256,
        mfa_at=proved_at,
    )
    payable = {line.pk for line in lines if line.amount_minor and line.reason != Reason.BELOW_MINIMUM}
    payout_round.lines.filter(pk__in=payable).update(state=PayoutLine.State.APPROVED)
    payout_round.lines.exclude(pk__in=payable).update(state=PayoutLine.State.BELOW_MINIMUM)
    payout_round.state = PayoutRound.State.APPROVED
    payout_round.approved_by = by
    payout_round.approved_at = now
    payout_round.save()
    data = {"inputs_sha256": payout_round.inputs_sha256, "lines_sha256": payout_round.lines_sha256}
    if shared:
        data["confirmed"] = "Sellers that share a bank account have different owners."
    events.record(action="round.approved", subject=payout_round, by=by, data=data)
    return payout_round


def _require_other_eyes(payout_round: PayoutRound, lines: list[PayoutLine], by: User) -> None:
    if by.pk == payout_round.triggered_by_id:
        raise FourEyesError(
            "You started this round, so somebody else must approve it.", remedy="Ask another operator to approve it."
        )
    if by.memberships.filter(organization__in=[line.organization_id for line in lines]).exists():
        raise FourEyesError(
            "You belong to a seller of this round, so somebody else must approve it.",
            remedy="Ask an operator who belongs to none of its sellers.",
        )


def _fresh(mfa_at: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """When the second factor was proved, which has to be lately."""
    if mfa_at is None or not now - PROOF_VALID_FOR <= mfa_at <= now:
        raise SecondFactorError(
            f"Approving money needs your second factor, proved within the last {PROOF_VALID_WORDS}.",
            remedy="Confirm your second factor and approve again.",
        )
    return mfa_at


def _require_unchanged(payout_round: PayoutRound, lines: list[PayoutLine], seen_sha256: str) -> None:
    run = payout_round.run
    current = digest_of(payout_round, lines)
    inputs_agree = run is not None and run.manifest.sha256 == payout_round.inputs_sha256
    if not inputs_agree or {current, payout_round.lines_sha256, seen_sha256} != {current}:
        raise ChangedSinceReviewError(
            "The round is not the one you reviewed: its inputs or lines have another hash.",
            remedy="Open the round again and read it before you approve.",
        )
