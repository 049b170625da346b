import pytest

from tests.integration.payouts import scenario


@pytest.fixture(autouse=True)
def no_real_valuation(request, monkeypatch):
    """Runs are rows here, not work, unless a test says `real_valuation`: then it is done here instead of by workers."""
    if "real_valuation" not in request.keywords:
        scenario.without_real_valuation(monkeypatch)


@pytest.fixture
def place(db):
    return scenario.market()


@pytest.fixture(scope="session")
def kept_review(keep):
    return keep(scenario.really_reviewed)


@pytest.fixture
def really_reviewed(kept_review, db):
    """A round in review over a real valuation, and the operator who started it."""
    return kept_review.put()
