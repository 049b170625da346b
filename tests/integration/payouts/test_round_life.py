"""From the buyer's money to the sellers' bank: every step, its guard, and what a refusal leaves unchanged."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from marketplace.models import AuditEvent, Organization, Submission
from payouts import errors, tasks
from payouts.documents import SumProof
from payouts.models import AuditReport, Export, LedgerEntry, LedgerTransaction, PayoutLine, PayoutRound
from payouts.selectors.money.balances import escrow_minor, pot_available_minor
from payouts.services import accounts, funding, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.scenario import POT_MINOR
from valuation.models import ValuationRun


def balance(account):
    return sum(LedgerEntry.objects.filter(account=account).values_list("amount_minor", flat=True))


def states(payout_round):
    return list(payout_round.lines.order_by("number").values_list("state", flat=True))


def test_a_round_is_paid_to_the_cent(place):
    payout_round = scenario.posted(place)

    amounts = dict(payout_round.lines.values_list("organization_id", "amount_minor"))
    assert list(amounts.values()) == [500_000, 300_000, 150_000, 50_000]
    assert escrow_minor(payout_round) == 0
    assert pot_available_minor(place.request) == 0
    for organization in place.sellers:
        assert balance(accounts.payable(organization, "EUR")) == -amounts[organization.pk]
    assert states(payout_round) == ["submitted"] * 4

    payout_round = rounds.mark_paid(payout_round=payout_round, bank_reference="SEPA-1", by=place.first)

    assert payout_round.state == "paid"
    assert states(payout_round) == ["paid"] * 4
    assert balance(accounts.bank("EUR")) == 0
    assert all(balance(accounts.payable(organization, "EUR")) == 0 for organization in place.sellers)
    actions = AuditEvent.objects.filter(subject_id=str(payout_round.pk)).order_by("at").values_list("action", flat=True)
    assert [action.removeprefix("round.") for action in actions] == [
        "opened", "triggered", "in_review", "approved", "posted", "paid",
    ]  # fmt: skip


def test_an_unfunded_round_does_not_start(place):
    draft = scenario.funded_draft(place, fund=POT_MINOR - 1)

    with pytest.raises(errors.PotNotFundedError, match=r"holds 9,999.99 EUR, the round needs 10,000.00 EUR"):
        rounds.trigger(payout_round=draft, by=place.first)

    draft.refresh_from_db()
    assert (draft.state, draft.run_id) == ("draft", None)
    assert pot_available_minor(place.request) == POT_MINOR - 1
    assert not ValuationRun.objects.exists()


def test_the_same_pot_is_not_spent_twice(place):
    first = scenario.funded_draft(place)
    second = rounds.open_round(
        request=place.request, pot_minor=POT_MINOR, policy=scenario.policy(), precision_target=0.02,
        evaluations_max=100, seed=1, by=place.first,
    )  # fmt: skip
    rounds.trigger(payout_round=first, by=place.first)

    with pytest.raises(errors.PotNotFundedError):
        rounds.trigger(payout_round=second, by=place.first)


def test_a_round_without_a_submission_does_not_start(place):
    Submission.objects.update(state="withdrawn")
    draft = scenario.funded_draft(place)

    with pytest.raises(errors.NothingSubmittedError):
        rounds.trigger(payout_round=draft, by=place.first)

    assert escrow_minor(draft) == 0


@pytest.mark.parametrize("terms", [{"pot_minor": 0}, {"precision_target": 0.0}, {"evaluations_max": 0}])
def test_impossible_terms_are_named_before_anything_is_stored(place, terms):
    usual = {"pot_minor": 1, "precision_target": 0.02, "evaluations_max": 1}

    with pytest.raises(ValidationError):
        rounds.open_round(request=place.request, policy=scenario.policy(), seed=1, by=place.first, **usual | terms)

    assert not PayoutRound.objects.exists()


def test_concluding_twice_changes_nothing(place):
    payout_round = scenario.in_review(place)
    lines = list(payout_round.lines.values())

    again = rounds.conclude_valuing(run_id=str(payout_round.run_id))

    assert again.state == "in_review"
    assert list(payout_round.lines.values()) == lines
    assert AuditReport.objects.count() == 1


def test_a_run_that_still_works_is_not_concluded(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)

    assert rounds.conclude_valuing(run_id=str(payout_round.run_id)).state == "valuing"


def test_a_run_of_nobody_is_ignored(place):
    run = scenario.fake_start(
        request=place.request, seed=1, precision_target=0.1, evaluations_max=1, on_end_task="x", by=place.first
    )

    assert rounds.conclude_valuing(run_id=str(run.pk)) is None


@pytest.mark.parametrize(("state", "error"), [("failed", "the solver diverged"), ("cancelled", "")])
def test_a_run_without_a_result_fails_its_round_and_returns_the_money(place, state, error):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    ValuationRun.objects.update(state=state, error=error, finished_at=timezone.now())

    payout_round = rounds.conclude_valuing(run_id=str(payout_round.run_id))

    assert payout_round.state == "failed"
    assert payout_round.ended_reason == (error or "The valuation was cancelled.")
    assert (escrow_minor(payout_round), pot_available_minor(place.request)) == (0, POT_MINOR)


def test_a_value_that_is_not_finite_fails_the_round(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    scenario.finish(payout_round.run, (0.5, float("nan"), 0.1, 0.1))

    payout_round = rounds.conclude_valuing(run_id=str(payout_round.run_id))

    assert payout_round.state == "failed"
    assert pot_available_minor(place.request) == POT_MINOR


def test_the_sweeper_concludes_what_no_message_announced(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    scenario.finish(payout_round.run)

    tasks.sweep()

    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


def test_without_a_positive_value_the_pot_returns_to_the_buyer(place):
    payout_round = scenario.posted(place, values=(-0.1, -0.2, 0.0, -0.3), chosen=scenario.policy(fee_basis_points=100))

    assert payout_round.audit_report.figures.nothing_paid is True
    assert (payout_round.fee_minor, payout_round.unallocated_minor) == (0, POT_MINOR)
    assert pot_available_minor(place.request) == POT_MINOR
    assert states(payout_round) == ["below_minimum"] * 4
    assert rounds.mark_paid(payout_round=payout_round, bank_reference="none", by=place.first).state == "paid"


def test_fee_and_small_amounts_have_their_own_transactions(place):
    chosen = scenario.policy(fee_basis_points=200, minimum_minor=100_000)

    payout_round = scenario.posted(place, chosen=chosen)

    assert balance(accounts.fee("EUR")) == -20_000
    assert states(payout_round) == ["submitted", "submitted", "submitted", "below_minimum"]
    carried = LedgerTransaction.objects.get(reason="carry_over")
    assert {entry.amount_minor for entry in carried.entries.all()} == {49_000, -49_000}
    rounds.mark_paid(payout_round=payout_round, bank_reference="SEPA-2", by=place.first)
    assert balance(accounts.payable(place.sellers[3], "EUR")) == -49_000


def test_noise_of_the_validation_rows_alone_keeps_a_seller_below_the_gate(place):
    payout_round = scenario.in_review(place, validation_deviation=0.03)

    last = payout_round.lines.get(number=4)
    assert (last.reason, last.amount_minor) == ("not_significant", 0)
    assert last.value_lower > 0 > last.value_validation_lower


def test_the_gate_and_the_cap_look_at_beneficial_owners(place):
    first, second, *_ = place.sellers
    Organization.objects.filter(pk=second.pk).update(beneficial_owner=first)

    payout_round = scenario.in_review(place, chosen=scenario.policy(cap_basis_points=4000))

    lines = {line.organization_id: line for line in payout_round.lines.all()}
    assert lines[first.pk].owner_key == lines[second.pk].owner_key == first.pk
    assert lines[first.pk].amount_minor + lines[second.pk].amount_minor == 400_000
    assert lines[first.pk].reason == "capped"


def test_whoever_triggered_cannot_approve(place):
    payout_round = scenario.in_review(place)

    with pytest.raises(errors.FourEyesError):
        scenario.approve(payout_round, place.first)

    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"
    assert states(payout_round) == ["pending"] * 4


@pytest.mark.parametrize("age", [None, dt.timedelta(minutes=11), dt.timedelta(minutes=-5)])
def test_an_approval_needs_a_fresh_second_factor(place, age):
    payout_round = scenario.in_review(place)
    mfa_at = None if age is None else timezone.now() - age

    with pytest.raises(errors.SecondFactorError):
        rounds.approve(
            payout_round=payout_round, by=place.second, mfa_at=mfa_at, lines_sha256=payout_round.lines_sha256
        )


def test_an_approval_of_other_lines_than_those_read_is_refused(place):
    payout_round = scenario.in_review(place)

    with pytest.raises(errors.ChangedSinceReviewError):
        rounds.approve(payout_round=payout_round, by=place.second, mfa_at=timezone.now(), lines_sha256="b" * 64)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payouts_payoutline SET value = value + 0.001 WHERE number = 1",
        'UPDATE payouts_payoutround SET policy_snapshot = policy_snapshot || \'{"name": "other"}\'',
        "UPDATE valuation_valuationrun SET manifest = manifest || '{\"rowwise\": false}'",
    ],
)
def test_inputs_or_lines_that_changed_under_the_reviewer_are_not_approved(place, change):
    payout_round = scenario.in_review(place)
    with connection.cursor() as cursor:
        # Only the database's owner can do this: triggers are off.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(change)
        cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.raises(errors.ChangedSinceReviewError):
        scenario.approve(payout_round, place.second)

    assert states(payout_round) == ["pending"] * 4


def test_posting_twice_doubles_nothing(place):
    payout_round = scenario.posted(place)
    transactions, exports = LedgerTransaction.objects.count(), list(Export.objects.values_list("sha256", flat=True))

    assert rounds.post(payout_round=payout_round, by=place.second).posted_by == place.first

    assert LedgerTransaction.objects.count() == transactions
    assert list(Export.objects.values_list("sha256", flat=True)) == exports


def test_only_an_approved_round_is_posted(place):
    with pytest.raises(errors.RoundStateError):
        rounds.post(payout_round=scenario.in_review(place), by=place.first)

    assert not Export.objects.exists()


def test_the_same_bank_confirmation_counts_once_and_another_is_refused(place):
    payout_round = rounds.mark_paid(payout_round=scenario.posted(place), bank_reference=" SEPA-9 ", by=place.first)
    transactions = LedgerTransaction.objects.count()

    rounds.mark_paid(payout_round=payout_round, bank_reference="SEPA-9", by=place.first)
    with pytest.raises(errors.RoundStateError):
        rounds.mark_paid(payout_round=payout_round, bank_reference="SEPA-10", by=place.first)

    assert LedgerTransaction.objects.count() == transactions


def test_a_round_that_has_ended_says_what_to_do_instead_of_cancelling(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    failed = rounds.cancel(payout_round=payout_round, by=place.first, reason="too slow")

    with pytest.raises(errors.RoundStateError, match="failed cannot be cancelled") as refused:
        rounds.cancel(payout_round=failed, by=place.first, reason="again")

    assert refused.value.remedy == "It has ended already and holds no money; open a new round for this request."


@pytest.mark.parametrize("reach", ["draft", "in_review"])
def test_cancelling_returns_the_pot(place, reach):
    payout_round = scenario.funded_draft(place) if reach == "draft" else scenario.in_review(place)

    payout_round = rounds.cancel(payout_round=payout_round, by=place.second, reason="wrong pot")

    assert (payout_round.state, payout_round.ended_reason) == ("cancelled", "wrong pot")
    assert (escrow_minor(payout_round), pot_available_minor(place.request)) == (0, POT_MINOR)


def test_cancelling_while_valuing_stops_the_run_and_fails_the_round(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)

    payout_round = rounds.cancel(payout_round=payout_round, by=place.first, reason="too slow")

    assert payout_round.state == "failed"
    assert ValuationRun.objects.get().state == "cancelled"
    assert rounds.conclude_valuing(run_id=str(payout_round.run_id)).ended_reason == "too slow"


def test_a_run_that_ended_but_was_not_concluded_does_not_keep_the_money(place):
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    scenario.finish(payout_round.run)

    payout_round = rounds.cancel(payout_round=payout_round, by=place.first, reason="stuck")

    assert (payout_round.state, pot_available_minor(place.request)) == ("failed", POT_MINOR)


def test_a_posted_round_is_not_cancelled(place):
    with pytest.raises(errors.RoundStateError):
        rounds.cancel(payout_round=scenario.posted(place), by=place.first, reason="second thoughts")


def test_a_round_in_review_makes_way_for_a_new_draft(place):
    payout_round = scenario.in_review(place)

    draft = rounds.supersede(payout_round=payout_round, by=place.first, reason="another policy", seed=8)

    payout_round.refresh_from_db()
    assert (payout_round.state, payout_round.superseded_by) == ("superseded", draft)
    assert (draft.state, draft.seed, draft.pot_minor) == ("draft", 8, POT_MINOR)
    assert rounds.trigger(payout_round=draft, by=place.first).state == "valuing"


def test_funding_is_recorded_once_per_bank_reference(place):
    for _ in range(2):
        funding.record(request=place.request, amount_minor=500, bank_reference="REF-1", by=place.first)

    assert pot_available_minor(place.request) == 500
    assert AuditEvent.objects.filter(action="pot.funded").count() == 1
    with pytest.raises(errors.NaturalKeyError, match="REF-1"):
        funding.record(request=place.request, amount_minor=501, bank_reference="REF-1", by=place.first)
    with pytest.raises(errors.NaturalKeyError):
        funding.record(request=scenario.market().request, amount_minor=500, bank_reference="REF-1", by=place.first)
    assert pot_available_minor(place.request) == 500


@pytest.mark.parametrize(
    "reference",
    ["CONC 1", "conc 1", " Conc \t 1 ", "\uff23\uff2f\uff2e\uff23\u3000\uff11", "CO\u200bNC 1\ufeff", "CONC\xa01"],
)
def test_one_payment_is_one_however_its_reference_is_typed(place, reference):
    first = funding.record(request=place.request, amount_minor=500, bank_reference="Conc  1", by=place.first)

    again = funding.record(request=place.request, amount_minor=500, bank_reference=reference, by=place.second)

    assert (first.is_replay, again.is_replay) == (False, True)
    assert again.transaction == first.transaction
    assert first.transaction.reference == "Conc  1"
    assert pot_available_minor(place.request) == 500
    with pytest.raises(errors.NaturalKeyError):
        funding.record(request=place.request, amount_minor=501, bank_reference=reference, by=place.first)


def test_other_references_are_other_payments(place):
    for reference in ("CONC-1", "CONC-2", "CONC 1", "CONC1"):
        funding.record(request=place.request, amount_minor=500, bank_reference=reference, by=place.first)

    assert pot_available_minor(place.request) == 2000


@pytest.mark.parametrize(
    ("amount_minor", "reference"), [(0, "R"), (-5, "R"), (5, "  "), (5, "\u200b\u2060"), (5, "\ufdfa" * 140)]
)
def test_funding_needs_an_amount_and_a_reference(place, amount_minor, reference):
    with pytest.raises(errors.AmountError):
        funding.record(request=place.request, amount_minor=amount_minor, bank_reference=reference, by=place.first)

    assert not LedgerTransaction.objects.exists()


def test_lines_carry_both_intervals(place):
    line = scenario.in_review(place).lines.get(number=1)

    assert line.amount_lower_minor < 500_000 < line.amount_upper_minor
    assert line.amount_validation_lower_minor < line.amount_lower_minor
    assert line.amount_validation_upper_minor > line.amount_upper_minor
    assert line.share * POT_MINOR == pytest.approx(500_000)


def test_the_audit_figures_show_the_rules_side_by_side_and_the_sum(place):
    figures = scenario.in_review(place).audit_report.figures

    assert [rule.rule for rule in figures.rules] == ["fgsv", "gsv", "leave_one_out", "by_rows", "equal"]
    assert figures.paying.with_leave_one_out.spearman == pytest.approx(1.0)
    assert figures.rules[4].with_rows.pearson is None
    assert figures.sum_proof == SumProof(lines_minor=POT_MINOR, fee_minor=0, unallocated_minor=0, pot_minor=POT_MINOR)
    assert figures.evaluations == 2000
    assert PayoutLine.objects.count() == 4
