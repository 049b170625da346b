import pytest

from tests.integration.valuation.market import make_market, start_run, work_off


@pytest.fixture(scope="session")
def kept_run(keep):
    return keep(lambda: [work_off(start_run(make_market()))])


@pytest.fixture
def finished_run(kept_run, db):
    """A run over `make_market()`, worked off."""
    (run,) = kept_run.put()
    return run
