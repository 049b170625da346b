"""Serving while code changes: Django's server reloads itself, and the worker is started anew here."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from marketplace.demo.stack import Stack

APPS = ("marketplace", "valuation", "payouts")
LOOK_SECONDS = 1.0

Code = frozenset[tuple[str, int]]


def code_of(folder: Path) -> Code:
    """Every Python file of the three apps and when it was last written."""
    found = set()
    for app in APPS:
        for path in (folder / app).rglob("*.py"):
            with suppress(FileNotFoundError):  # an editor replaced it between the listing and the look
                found.add((str(path), path.stat().st_mtime_ns))
    return frozenset(found)


def serve(stack: Stack, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C, with a new worker after every change of the code."""
    say(
        f"\nThe site is open at {stack.site_url} (sign-ins: see README). Every change of code or templates is taken up."
    )
    code = code_of(settings.BASE_DIR)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(LOOK_SECONDS)
            code = renew_worker(stack, code, code_of(settings.BASE_DIR), say)
    say("\nStopping …")


def renew_worker(stack: Stack, before: Code, now: Code, say: Callable[[str], None]) -> Code:
    """Start the worker anew where code has changed; one that stopped over a mistake waits for the next change."""
    if now != before and stack.workers:
        changed = sorted({Path(name).name for name, _ in now ^ before})
        say(f"Changed: {', '.join(changed)}. The worker starts anew.")
        stack.kill_worker()
        stack.start_worker()
    return now
