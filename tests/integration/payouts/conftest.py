from types import SimpleNamespace

import pytest

from tests.integration.payouts import scenario


@pytest.fixture(autouse=True)
def no_real_valuation(request, monkeypatch):
    """Runs are rows here, not work, unless a test says `real_valuation`: then it is done here instead of by workers."""
    if "real_valuation" not in request.keywords:
        scenario.without_real_valuation(monkeypatch)


@pytest.fixture(scope="session")
def kept_place(keep):
    def build():
        place = scenario.market()
        return [place.request, place.buyer, place.first, place.second, *place.sellers, *place.people]

    return keep(build)


@pytest.fixture
def place(kept_place, db):
    """What `scenario.market` makes of its defaults."""
    request, buyer, first, second, *others = kept_place.put()
    half = len(others) // 2
    return SimpleNamespace(
        request=request, buyer=buyer, sellers=others[:half], people=others[half:], first=first, second=second
    )


@pytest.fixture(scope="session")
def kept_review(keep):
    return keep(scenario.really_reviewed)


@pytest.fixture
def really_reviewed(kept_review, db):
    """A round in review over a real valuation, and the operator who started it."""
    payout_round, operator = kept_review.put()
    return payout_round, operator
