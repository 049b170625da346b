import pytest

from payouts.services.rounds import ending, opening
from tests.integration.payouts import scenario


@pytest.fixture(autouse=True)
def no_real_valuation(monkeypatch):
    monkeypatch.setattr(opening.runs, "start", scenario.fake_start)
    monkeypatch.setattr(ending.runs.celery_app, "send_task", lambda *_args, **_kwargs: None)
