"""A worker says that it is alive while it does a block: the lease of a block that takes long is renewed."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from valuation.models import WorkBlock

log = structlog.get_logger(__name__)

# Renewed this often within one lease, so that one renewal may be late.
RENEWALS = 3


def expires_at() -> dt.datetime:
    """When a lease that is taken or renewed now ends."""
    return timezone.now() + dt.timedelta(seconds=settings.FAIRCUT_BLOCK_LEASE_SECONDS)


@contextmanager
def kept(block: WorkBlock) -> Iterator[None]:
    """Renew a block's lease from a thread of its own for as long as the statement runs.

    A worker that dies or freezes takes the thread along, so its block still falls free after one lease.
    """
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(block, done), name=f"lease of block {block.number}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _renew(block: WorkBlock, done: threading.Event) -> None:
    try:
        while not done.wait(settings.FAIRCUT_BLOCK_LEASE_SECONDS / RENEWALS):
            held = WorkBlock.objects.filter(pk=block.pk, state=WorkBlock.State.LEASED, attempts=block.attempts)
            if not held.update(leased_until=expires_at()):
                return  # somebody else took it over, or finished it
    except DatabaseError:  # the lease ends, and another worker does the block again
        log.warning("block.lease_not_renewed", block=block.number, exc_info=True)
    finally:
        # Every thread has a connection of its own, opened at its first query.
        connection.close()
