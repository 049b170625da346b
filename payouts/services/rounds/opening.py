"""A round begins: drafted over one request, then triggered, which takes the pot and starts the valuation."""

from django.db import transaction
from django.utils import timezone

from marketplace.basics.money import format_amount
from marketplace.models import DataRequest, Submission, User
from marketplace.services import events
from payouts.core.policy import Rule
from payouts.errors import NothingSubmittedError, PotNotFundedError, RoundStateError
from payouts.models import LedgerTransaction, PayoutPolicy, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.models.policies import rule_of
from payouts.selectors.money.balances import pot_available_minor
from payouts.services import accounts, ledger, locks
from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.precision import due_of_pot
from valuation.models import ValuationRun
from valuation.services import runs


@transaction.atomic
def open_round(
    *,
    request: DataRequest,
    pot_minor: int,
    policy: PayoutPolicy,
    precision_target: float,
    evaluations_max: int,
    seed: int,
    by: User,
) -> PayoutRound:
    """Draft a round; nothing is taken or started yet.

    Raises:
        ValidationError: The pot, precision or budget is out of range.
    """
    payout_round = PayoutRound(
        request=request,
        pot_minor=pot_minor,
        currency=request.currency,
        policy=policy,
        policy_snapshot=policy.snapshot(),
        seed=seed,
        precision_target=precision_target,
        evaluations_max=evaluations_max,
        created_by=by,
    )
    payout_round.validate_constraints()
    payout_round.save()
    data = {"request": str(request.pk), "pot_minor": pot_minor, "policy": policy.name}
    events.record(action="round.opened", subject=payout_round, by=by, data=data)
    return payout_round


@transaction.atomic
def trigger(*, payout_round: PayoutRound, by: User) -> PayoutRound:
    """Take the pot into escrow, freeze the inputs and start the valuation.

    Raises:
        RoundStateError: The round is no draft any more.
        PotNotFundedError: The buyer has not paid in enough.
        NothingSubmittedError: No submission is accepted.
        RunRefusedError: The budget covers no pilot, or the model cannot be built over these rows.
    """
    request = locks.lock_request(payout_round.request_id)
    payout_round = locks.lock_round(payout_round.pk)
    if payout_round.state != PayoutRound.State.DRAFT:
        raise RoundStateError(f"The round is {payout_round.get_state_display().lower()}, not a draft.")
    if not request.submissions.filter(state=Submission.State.ACCEPTED).exists():
        raise NothingSubmittedError(
            "No seller has submitted data to this request.", remedy="Wait for a submission, then start the round."
        )
    _require_funds(payout_round, request)
    run = _start_run(payout_round, request, by)
    ledger.post(
        natural_key=natural_key(LedgerTransaction.Reason.ESCROW, payout_round.pk),
        reason=LedgerTransaction.Reason.ESCROW,
        debit=accounts.pot(request),
        credit=accounts.escrow(payout_round),
        amount_minor=payout_round.pot_minor,
        by=by,
        payout_round=payout_round,
    )
    payout_round.state = PayoutRound.State.VALUING
    payout_round.run = run
    payout_round.inputs_sha256 = run.inputs_sha256
    payout_round.triggered_by = by
    payout_round.triggered_at = timezone.now()
    payout_round.save()
    events.record(action="round.triggered", subject=payout_round, by=by, data={"inputs_sha256": run.inputs_sha256})
    return payout_round


def _start_run(payout_round: PayoutRound, request: DataRequest, by: User) -> ValuationRun:
    try:
        return runs.start(
            request=request,
            seed=payout_round.seed,
            precision_target=payout_round.precision_target,
            evaluations_max=payout_round.evaluations_max,
            due_target=due_of_pot(payout_round.pot_minor),
            gated=rule_of(payout_round.policy_snapshot) is Rule.GATE,
            on_end_task="payouts.conclude_valuing",
            by=by,
        )
    except runs.RunRefusedError as error:
        # A draft's terms never change, so only another draft can have another budget.
        if error.code == BudgetTooSmallError.code and not error.remedy:
            error.remedy = "Open a new round with a larger budget."
        raise


def _require_funds(payout_round: PayoutRound, request: DataRequest) -> None:
    available = pot_available_minor(request)
    if available < payout_round.pot_minor:
        currency = payout_round.currency
        raise PotNotFundedError(
            f"The pot holds {format_amount(available, currency)}, "
            f"the round needs {format_amount(payout_round.pot_minor, currency)}.",
            remedy="Record the buyer's payment first, or open a round with a smaller pot.",
        )
