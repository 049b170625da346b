"""An approved round becomes ledger transactions, one a line, then exports; later the bank confirms the payments.

Each line is posted in a transaction of its own under a natural key, so that a crash anywhere leaves a round that is
simply posted again: what exists is found, what is missing is added.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.models import User
from marketplace.services import events
from payouts.errors import AmountError, RoundStateError, UnbalancedError
from payouts.models import LedgerTransaction, PayoutLine, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.selectors.money.balances import escrow_minor
from payouts.selectors.money.profiles import hold_of
from payouts.services import accounts, exports, ledger, locks
from payouts.services.rounds import releasing
from payouts.services.rounds.telling import tell_buyer, tell_sellers

# Money that is owed but not sent to the bank waits on the seller's payable account, with the reason.
_REASON_BY_STATE = {
    PayoutLine.State.BELOW_MINIMUM: LedgerTransaction.Reason.CARRY_OVER,
    PayoutLine.State.HELD: LedgerTransaction.Reason.HOLD,
    PayoutLine.State.ACTION_REQUIRED: LedgerTransaction.Reason.HOLD,
}


def post(*, payout_round: PayoutRound, by: User) -> PayoutRound:
    """Post an approved round, or finish posting one that a crash left; a posted round is returned as it is.

    Raises:
        RoundStateError: The round is not approved.
        UnbalancedError: The escrow is not exactly used up, or the export does not sum to the pot.
    """
    for line_id in payout_round.lines.order_by("number").values_list("pk", flat=True):
        _post_line(payout_round, line_id, by)
    return _finish(payout_round, by)


@transaction.atomic
def _post_line(payout_round: PayoutRound, line_id: int, by: User) -> None:
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state in PayoutRound.SETTLED:
        return
    if payout_round.state != PayoutRound.State.APPROVED:
        raise RoundStateError(
            f"The round is {payout_round.get_state_display().lower()}; only an approved one is posted."
        )
    line = locks.lock_lines(payout_round).select_related("organization").get(pk=line_id)
    # Decided now and not at the approval: details may have changed since.
    if line.state == PayoutLine.State.APPROVED and (hold := hold_of(line.organization)) is not None:
        releasing.keep_back(payout_round, line, hold)
    if line.amount_minor:
        reason = _REASON_BY_STATE.get(PayoutLine.State(line.state), LedgerTransaction.Reason.PAYOUT)
        ledger.post(
            natural_key=natural_key(reason, payout_round.pk, line.number),
            reason=reason,
            debit=accounts.escrow(payout_round),
            credit=accounts.payable(line.organization, payout_round.currency),
            amount_minor=line.amount_minor,
            by=by,
            payout_round=payout_round,
        )
    if line.state == PayoutLine.State.APPROVED:
        line.state = PayoutLine.State.SUBMITTED
        line.save(update_fields=["state"])


@transaction.atomic
def _finish(payout_round: PayoutRound, by: User) -> PayoutRound:
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state in PayoutRound.SETTLED:
        return payout_round
    if payout_round.state != PayoutRound.State.APPROVED:
        raise RoundStateError(
            f"The round is {payout_round.get_state_display().lower()}; only an approved one is posted."
        )
    _post_rest(payout_round, by)
    rest = escrow_minor(payout_round)
    if rest:
        raise UnbalancedError(f"{rest} minor units of the escrow are left after posting every line.")
    payout_round.state = PayoutRound.State.POSTED
    payout_round.posted_by = by
    payout_round.posted_at = timezone.now()
    payout_round.save()
    releasing.release_carried(payout_round, by=by)
    exports.write(payout_round=payout_round)
    tell_sellers(payout_round)
    tell_buyer(payout_round)
    events.record(action="round.posted", subject=payout_round, by=by, data={"pot_minor": payout_round.pot_minor})
    return payout_round


def _post_rest(payout_round: PayoutRound, by: User) -> None:
    """The platform's fee, and what no seller earned, which returns to the buyer's pot."""
    rests = (
        (payout_round.fee_minor, LedgerTransaction.Reason.PLATFORM_FEE, accounts.fee(payout_round.currency)),
        (payout_round.unallocated_minor, LedgerTransaction.Reason.UNALLOCATED, accounts.pot(payout_round.request)),
    )
    for amount_minor, reason, account in rests:
        if amount_minor:
            ledger.post(
                natural_key=natural_key(reason, payout_round.pk),
                reason=reason,
                debit=accounts.escrow(payout_round),
                credit=account,
                amount_minor=amount_minor,
                by=by,
                payout_round=payout_round,
            )


@transaction.atomic
def mark_paid(*, payout_round: PayoutRound, bank_reference: str, by: User) -> PayoutRound:
    """Record the bank's confirmation: every submitted line is paid, and carried balances that went along with them.

    The same confirmation counts once.

    Raises:
        AmountError: The reference is empty.
        RoundStateError: The round is not posted, or was paid under another reference.
    """
    reference = _required(bank_reference)
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state == PayoutRound.State.PAID and payout_round.bank_reference == reference:
        return payout_round
    if payout_round.state != PayoutRound.State.POSTED:
        raise RoundStateError(
            f"The round is {payout_round.get_state_display().lower()}; only a posted one can be paid."
        )
    sent = PayoutLine.objects.filter(Q(round=payout_round) | Q(release__payout_round=payout_round))
    for line in locks.in_order(sent).select_related("organization", "round"):
        if line.state == PayoutLine.State.SUBMITTED:
            _pay(line, reference, by)
    payout_round.state = PayoutRound.State.PAID
    payout_round.paid_by = by
    payout_round.paid_at = timezone.now()
    payout_round.bank_reference = reference
    payout_round.save()
    events.record(action="round.paid", subject=payout_round, by=by, data={"bank_reference": reference})
    return payout_round


@transaction.atomic
def mark_line_paid(*, line: PayoutLine, bank_reference: str, by: User) -> PayoutLine:
    """Record the bank's confirmation of a line that was released after its round was paid; it counts once.

    Raises:
        AmountError: The reference is empty.
        RoundStateError: The line is not on its way, or its round is not paid yet.
    """
    reference = _required(bank_reference)
    payout_round = locks.lock_round(line.round_id)
    line = locks.lock_lines(payout_round).select_related("organization", "round").get(pk=line.pk)
    if line.state == PayoutLine.State.PAID:
        return line
    if payout_round.state != PayoutRound.State.PAID or line.state != PayoutLine.State.SUBMITTED:
        raise RoundStateError(
            f"The line is {line.get_state_display().lower()} and its round {payout_round.get_state_display().lower()}; "
            "only a line that was released after its round was paid is confirmed by itself."
        )
    _pay(line, reference, by)
    data = {"line": line.number, "organization": line.organization_id, "bank_reference": reference}
    events.record(action="round.line_paid", subject=payout_round, by=by, data=data)
    return line


def _pay(line: PayoutLine, reference: str, by: User) -> None:
    currency = line.round.currency
    ledger.post(
        natural_key=natural_key(LedgerTransaction.Reason.PAYMENT, line.round_id, line.number),
        reason=LedgerTransaction.Reason.PAYMENT,
        debit=accounts.payable(line.organization, currency),
        credit=accounts.bank(currency),
        amount_minor=line.amount_minor,
        by=by,
        payout_round=line.round,
        reference=reference,
    )
    line.state = PayoutLine.State.PAID
    line.save(update_fields=["state"])


def _required(bank_reference: str) -> str:
    reference = bank_reference.strip()
    if not reference:
        raise AmountError("A payment needs the reference on the bank statement.", remedy="Copy it from the statement.")
    return reference
