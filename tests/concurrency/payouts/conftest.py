import pytest

from tests.integration.payouts import scenario


@pytest.fixture(autouse=True)
def no_real_valuation(monkeypatch):
    scenario.without_real_valuation(monkeypatch)
