"""Row locks, taken in one order everywhere: the request (whose pot is spent), then the round, then its lines.

Nothing here locks a ledger row: those are only added, and the application's role may not even lock them. What is work
and no row is locked by its name.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import QuerySet

from marketplace.models import DataRequest
from payouts.models import PayoutLine, PayoutRound


def lock_request(request_id: uuid.UUID) -> DataRequest:
    """Hold a request, so that two rounds cannot spend the same pot; new rows may still point at it."""
    return DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request_id)


def lock_round(round_id: uuid.UUID) -> PayoutRound:
    """Hold a round, so that its state is read and moved by one caller at a time."""
    return PayoutRound.objects.select_for_update(of=("self",), no_key=True).get(pk=round_id)


def lock_lines(payout_round: PayoutRound) -> QuerySet[PayoutLine]:
    """Hold a round's lines in their order; to be evaluated inside the transaction, after the round is held."""
    return in_order(payout_round.lines.all())


def in_order(lines: QuerySet[PayoutLine]) -> QuerySet[PayoutLine]:
    """Hold these lines, of whatever rounds, in the one order of all lines."""
    return lines.order_by("pk").select_for_update(of=("self",), no_key=True)


@contextmanager
def only_here(name: str) -> Iterator[bool]:
    """Say whether this database session alone does what `name` says: two deliveries of one hint do the work once.

    The lock is advisory and the session's, not the transaction's: the work it guards may take many of those.
    """
    mine = _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
    try:
        yield mine
    finally:
        if mine:
            _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def _ask(statement: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [name])
        return bool(cursor.fetchone()[0])
