"""A crash at any stage of posting, then the same call again: nothing is missing and nothing is doubled."""

import pytest
from django.db import connection

from payouts.models import Export, LedgerEntry, LedgerTransaction, PayoutLine
from payouts.selectors.money.balances import escrow_minor
from payouts.services import exports, ledger, rounds
from payouts.services.rounds import posting
from tests.integration.payouts import scenario


class CrashError(Exception):
    """The process is gone."""


def crash_at(call, monkeypatch, module, name):
    """Make the given call of a function raise, after it has done its work."""
    real, count = getattr(module, name), [0]

    def crashing(**arguments):
        result = real(**arguments)
        count[0] += 1
        if count[0] == call:
            raise CrashError
        return result

    monkeypatch.setattr(module, name, crashing)


# Four lines and the fee, then the exports: a crash after each of these steps.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", [1, 2, 3, 4, 5, "exports", "event"])
def test_posting_is_resumed_at_any_stage(monkeypatch, stage):
    place = scenario.market()
    payout_round = scenario.approved(place, chosen=scenario.policy(fee_basis_points=100))
    with monkeypatch.context() as patch:
        if stage == "exports":
            crash_at(1, patch, exports, "write")
        elif stage == "event":
            crash_at(1, patch, posting.events, "record")
        else:
            crash_at(stage, patch, ledger, "post")
        with pytest.raises(CrashError):
            rounds.post(payout_round=payout_round, by=place.first)
    payout_round.refresh_from_db()
    assert payout_round.state == "approved"
    assert not Export.objects.exists()
    posted_before = LedgerTransaction.objects.filter(reason="payout").count()
    assert posted_before == (stage - 1 if isinstance(stage, int) else 4)
    assert PayoutLine.objects.filter(state="submitted").count() == posted_before

    payout_round = rounds.post(payout_round=payout_round, by=place.second)

    assert payout_round.state == "posted"
    assert escrow_minor(payout_round) == 0
    assert LedgerTransaction.objects.filter(reason="payout").count() == 4
    assert LedgerTransaction.objects.filter(reason="platform_fee").count() == 1
    assert sum(LedgerEntry.objects.values_list("amount_minor", flat=True)) == 0
    assert Export.objects.count() == 2


def test_a_round_one_cent_off_exports_nothing_and_stays_approved(place, monkeypatch):
    payout_round = scenario.approved(place)
    with connection.cursor() as cursor:
        # Only the database's owner can do this; the lines trigger is off, the ledger and the proof are not.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE payouts_payoutline SET amount_minor = amount_minor - 1 WHERE number = 1")
        cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.raises(posting.UnbalancedError, match="1 minor units of the escrow"):
        rounds.post(payout_round=payout_round, by=place.first)

    payout_round.refresh_from_db()
    assert payout_round.state == "approved"
    assert not Export.objects.exists()
