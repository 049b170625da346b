"""Calls that start together."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from marketplace.basics.errors import ConflictError


def at_once(*calls):
    """Run the calls in threads that start together; return each one's result or error."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=10)
            return call()
        except ConflictError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
