"""Two operators ask for the attacks again at once: they are asked for once."""

import pytest

from marketplace.models import AuditEvent
from payouts.models import AttackRetry, AttackTest
from payouts.services import attacks
from payouts.services.attack_figures import not_tried
from tests.concurrency.at_once import at_once
from tests.integration.payouts import scenario

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_presses_at_once_ask_once():
    place = scenario.market()
    payout_round = scenario.in_review(place)
    for kind in AttackTest.Kind:
        AttackTest.objects.create(round=payout_round, kind=kind, figures=not_tried("No worker."))

    results = at_once(
        *[
            lambda by=by: attacks.try_again(payout_round=payout_round, times=4, by=by)
            for by in (place.first, place.second)
        ]
    )

    retry = AttackRetry.objects.get()
    assert results == [retry, retry]
    assert AuditEvent.objects.filter(action="round.attacks_asked_again").count() == 1
