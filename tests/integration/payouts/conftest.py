import pytest

from tests.integration.payouts import scenario


@pytest.fixture(autouse=True)
def no_real_valuation(monkeypatch):
    """Runs are rows here, not work; the end-to-end tests start real ones."""
    scenario.without_real_valuation(monkeypatch)


@pytest.fixture
def place(db):
    return scenario.market()
