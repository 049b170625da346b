"""Two people press the same button at once: the effect happens once, and the books still balance."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.models import AuditEvent
from payouts import errors
from payouts.models import Approval, AuditReport, Export, LedgerEntry, LedgerTransaction, LineRelease, PayoutRound
from payouts.selectors.money.balances import escrow_minor, pot_available_minor
from payouts.services import accounts, funding, ledger, rounds
from tests.concurrency.at_once import at_once
from tests.integration.payouts import scenario
from tests.integration.payouts.scenario import POT_MINOR

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_double_click_on_trigger_takes_the_pot_once():
    place = scenario.market()
    draft = scenario.funded_draft(place, fund=2 * POT_MINOR)

    results = at_once(*[lambda: rounds.trigger(payout_round=draft, by=place.first)] * 2)

    assert sorted(isinstance(result, errors.RoundStateError) for result in results) == [False, True]
    assert (escrow_minor(draft), pot_available_minor(place.request)) == (POT_MINOR, POT_MINOR)


def test_two_rounds_cannot_take_the_same_pot():
    place = scenario.market()
    drafts = [scenario.funded_draft(place), scenario.funded_draft(place, fund=1)]

    results = at_once(*[lambda draft=draft: rounds.trigger(payout_round=draft, by=place.first) for draft in drafts])

    assert sorted(isinstance(result, errors.PotNotFundedError) for result in results) == [False, True]
    assert pot_available_minor(place.request) == 1


def test_the_end_of_a_run_is_concluded_once():
    place = scenario.market()
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    scenario.finish(payout_round.run)

    at_once(*[lambda: rounds.conclude_valuing(run_id=str(payout_round.run_id))] * 3)

    assert PayoutRound.objects.get().state == "in_review"
    assert payout_round.lines.count() == 4
    assert AuditReport.objects.count() == 1


def test_a_held_line_is_released_once():
    place = scenario.market(with_details=False)
    line = scenario.posted(place).lines.first()
    scenario.give_details(line.organization, place.people[place.sellers.index(line.organization)])

    at_once(*[lambda: rounds.release(line=line, by=place.first)] * 2, rounds.release_what_is_free)

    assert LineRelease.objects.count() == 1
    assert AuditEvent.objects.filter(action="round.line_released").count() == 1


def test_two_rounds_that_counted_the_same_carried_balance_send_it_once():
    """Both were computed when it lay there (ADR 0009): one posting takes it along, the other sends its line alone."""
    place = scenario.market()
    keeping = scenario.policy(minimum_minor=90_000)
    carried = scenario.posted(place, chosen=keeping).lines.get(organization=place.sellers[3])
    assert (carried.state, carried.amount_minor) == ("below_minimum", 50_000)
    both = [scenario.approved(place, chosen=keeping) for _ in range(2)]

    at_once(*[lambda each=each: rounds.post(payout_round=each, by=place.first) for each in both])
    at_once(*[lambda each=each: rounds.mark_paid(payout_round=each, bank_reference=f"SEPA-{each.pk}", by=place.first)
              for each in both])  # fmt: skip

    assert LineRelease.objects.get().line == carried
    sent = LedgerTransaction.objects.filter(reason="payment", entries__account__organization=place.sellers[3])
    assert sent.count() == 3
    owed = LedgerEntry.objects.filter(account__kind="payable", account__organization=place.sellers[3])
    assert sum(owed.values_list("amount_minor", flat=True)) == 0


def test_two_approvals_leave_one_signature():
    place = scenario.market()
    payout_round = scenario.in_review(place)
    third = scenario.person("operator")

    results = at_once(*[lambda by=by: scenario.approve(payout_round, by) for by in (place.second, third)])

    assert sorted(isinstance(result, errors.RoundStateError) for result in results) == [False, True]
    assert Approval.objects.count() == 1


def test_two_postings_post_each_line_once():
    place = scenario.market()
    payout_round = scenario.approved(place)

    results = at_once(
        *[lambda by=by: rounds.post(payout_round=payout_round, by=by) for by in (place.first, place.second)]
    )

    assert [result.state for result in results] == ["posted", "posted"]
    assert LedgerTransaction.objects.filter(reason="payout").count() == 4
    assert Export.objects.count() == 2
    assert escrow_minor(payout_round) == 0


def test_approval_and_cancellation_exclude_each_other():
    place = scenario.market()
    payout_round = scenario.in_review(place)

    results = at_once(
        lambda: scenario.approve(payout_round, place.second),
        lambda: rounds.cancel(payout_round=payout_round, by=place.first, reason="stop"),
    )

    assert sorted(isinstance(result, errors.RoundStateError) for result in results) == [False, True]
    state = PayoutRound.objects.get().state
    assert escrow_minor(payout_round) == (POT_MINOR if state == "approved" else 0)


def test_one_payment_of_the_buyer_is_recorded_once():
    place = scenario.market()
    pay = {"request": place.request, "amount_minor": 700, "bank_reference": "ONE", "by": place.first}

    results = at_once(*[lambda: funding.record(**pay)] * 3)

    assert len({result.transaction.pk for result in results}) == 1
    assert sorted(result.is_replay for result in results) == [False, True, True]
    assert pot_available_minor(place.request) == 700


def test_a_natural_key_is_posted_once_and_never_with_other_figures():
    place = scenario.market()
    bank, pot = accounts.bank("EUR"), accounts.pot(place.request)

    def post(amount_minor):
        return ledger.post(
            natural_key="one happening", reason=LedgerTransaction.Reason.FUNDING, debit=bank, credit=pot,
            amount_minor=amount_minor, by=place.first,
        )  # fmt: skip

    results = at_once(lambda: post(5), lambda: post(6))

    assert sorted(isinstance(result, errors.NaturalKeyError) for result in results) == [False, True]
    assert LedgerEntry.objects.count() == 2


def test_money_moves_only_under_the_round_s_lock():
    place = scenario.market()
    payout_round = scenario.approved(place)

    with CaptureQueriesContext(connection) as queries:
        rounds.post(payout_round=payout_round, by=place.first)

    statements = [query["sql"] for query in queries]
    first_lock = next(i for i, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql and "payoutround" in sql)
    first_write = next(i for i, sql in enumerate(statements) if sql.startswith(("INSERT", "UPDATE")))
    assert first_lock < first_write
