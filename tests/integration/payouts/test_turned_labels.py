"""A seller whose labels are all turned round is named to whoever approves, by what the buyer's own rows say."""

import pytest

from payouts.selectors.round.risk_checks import risk_checks
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission
from tests.integration.payouts import scenario
from tests.integration.valuation.market import csv_of, make_market, table

pytestmark = pytest.mark.real_valuation


def labels_of(payout_round):
    return next(check for check in risk_checks(payout_round, shared_accounts=0) if check.name == "Labels")


def test_a_seller_with_turned_labels_is_named(db):
    request = make_market(sizes=(40, 40))
    turner = make_member("seller", organization=make_organization(name="Turner"))
    swapped = csv_of(table(40, seed=5)).replace(b"high", b"?").replace(b"low", b"high").replace(b"?", b"low")
    make_submission(request=request, seller=turner, data=swapped)
    payout_round, _ = scenario.really_reviewed(request)

    check = labels_of(payout_round)

    assert not check.passed
    assert check.finding.count("% agree") == 1
    assert "Turner (" in check.finding
    assert payout_round.lines.get(organization__name="Turner").amount_minor == 0


def test_honest_labels_are_not_accused(db):
    payout_round, _ = scenario.really_reviewed(make_market(sizes=(30, 40)))

    check = labels_of(payout_round)

    assert check.passed
    assert check.finding == "Of 2 sellers no labels contradict the buyer's."
