"""One round over a real valuation: what the engine hands over is what the payouts understand."""

import pytest

from payouts import tasks
from payouts.models import PayoutRound
from payouts.selectors.money.projection import project
from payouts.services import funding, rounds
from payouts.services.recomputing import recompute
from tests.integration.payouts import scenario
from tests.integration.valuation.market import base_fields, make_market, table, work_off

pytestmark = pytest.mark.real_valuation


def test_a_round_is_valued_by_the_engine_and_paid(db):
    request = make_market()
    first, second = scenario.person("operator"), scenario.person("operator")
    funding.record(request=request, amount_minor=1_000_000, bank_reference="BUYER-1", by=first)
    draft = rounds.open_round(
        request=request, pot_minor=1_000_000, policy=scenario.policy(rule="clip"), precision_target=0.2,
        evaluations_max=20_000, seed=7, by=first,
    )  # fmt: skip

    valuing = rounds.trigger(payout_round=draft, by=first)
    run = work_off(valuing.run)
    tasks.conclude_valuing(run_id=str(run.pk))
    review = PayoutRound.objects.get()
    posted = rounds.post(payout_round=scenario.approve(review, second), by=first)

    assert project(posted).totals.is_proved
    assert [seller.rows for seller in posted.audit_report.figures.sellers] == [15, 30, 60]
    for line in posted.lines.all():
        assert line.value_lower < line.value < line.value_upper
        assert line.amount_validation_lower_minor <= line.amount_minor <= line.amount_validation_upper_minor
    assert posted.audit_report.figures.evaluations <= 20_000


def test_a_round_beside_rows_of_the_buyers_own_is_recomputed_to_the_bit(db):
    own = table(25, seed=50)
    payout_round, _ = scenario.really_reviewed(make_market(sizes=(5, 10, 20), **base_fields(own)))

    recomputed = recompute(payout_round=payout_round)

    assert [check.differences for check in recomputed.checks if not check.is_same] == []
    assert payout_round.run.manifest.base_rows == 25
