"""Exceptions that nobody expected: which are the machines' and tried again, and what is said of the others."""

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

# The storage's and the broker's clients have no base of their own in common with Python's.
_CLIENTS = {"amqp", "boto3", "botocore", "kombu", "redis", "s3transfer", "urllib3"}


def is_the_machines(error: Exception) -> bool:
    """Whether database, storage or broker were out of reach: the same block may do well a moment later.

    A file that is not there, and a row that the database refuses, are no better the next time.
    """
    if isinstance(error, FileNotFoundError):
        return False
    is_out_of_reach = isinstance(error, OperationalError | InterfaceError | OSError)
    return is_out_of_reach or type(error).__module__.partition(".")[0] in _CLIENTS


def is_the_workers(error: Exception) -> bool:
    """Whether this worker had too little memory or time, and a larger or idler one may do."""
    return isinstance(error, MemoryError | SoftTimeLimitExceeded)


def too_little(what: str, error: Exception) -> str:
    """Say what this worker had too little of, and how to go on."""
    lacked = "memory" if isinstance(error, MemoryError) else "time"
    return (
        f"{what} took more {lacked} than its worker has, so it found nothing out. Ask for fewer sellers or rows, or "
        "choose a quicker model."
    )


def out_of_reach(what: str) -> str:
    """Say that it was not the work that failed."""
    return f"{what} could not reach the database or the storage. Ask once more."


def in_words(what: str, error: Exception) -> str:
    """Name what broke down and the class of the exception, but not its text: that may quote sellers' rows."""
    return (
        f"{what} broke down with {type(error).__name__}, which nobody expected and which would happen again. "
        "The operators find the reason in the worker's log."
    )
