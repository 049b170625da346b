"""`make demo`: start everything, play the main job on real data, print the paid round, serve until Ctrl-C.

`make dev` is the same with servers that take up what is changed in the code.
"""

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import django

from marketplace.demo import dev_server
from marketplace.demo.stack import Stack, StackError

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended
SELLERS_SEED = 0


def main() -> None:
    """Run the demo and leave no process behind, whatever ends it."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-serve", action="store_true", help="exit after printing the paid round")
    parser.add_argument("--dev", action="store_true", help="take up changed code and templates; show debug pages")
    parser.add_argument("--workers", type=int, default=2, help="blocks at a time; 0: start a worker yourself")
    parser.add_argument("--folder", type=Path, default=Path(".faircut"), help="database, files and logs")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the valuation")
    options = parser.parse_args()
    # All by name: a shell that starts the demo in the background has it ignore Ctrl-C's signal.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    started = time.perf_counter()
    stack = Stack(options.folder.resolve(), port=options.port, workers=options.workers, develops=options.dev)
    try:
        _say("Starting PostgreSQL, Valkey, a worker and the web server …")
        stack.start()
        seconds = {"starting": time.perf_counter() - started}
        _play(stack, seed=options.seed, seconds=seconds, started=started)
        if options.dev:
            dev_server.serve(stack, _say)
        elif not options.no_serve:
            _serve(stack)
    except KeyboardInterrupt:
        _say("\nStopped before the round was paid; the next start goes on from here.")
        sys.exit(INTERRUPTED)
    finally:
        # A second Ctrl-C must not leave half of the processes behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()


def _play(stack: Stack, *, seed: int, seconds: dict[str, float], started: float) -> None:
    os.environ.update(stack.environment | {"FAIRCUT_LOG_LEVEL": "WARNING"})
    django.setup()
    # Django must know its settings before these are imported.
    from marketplace.demo import adult, cast, profiles, report  # noqa: PLC0415
    from marketplace.demo.story import Story  # noqa: PLC0415

    request = cast.seed()
    sellers = profiles.sample_sellers(adult.training_part(), seed=SELLERS_SEED)
    report.print_profiles(profiles.profile_table(sellers))
    story = Story(stack.site_url, str(request.pk), sellers, stack.folder / "story.json", _say)
    paid: dict[str, Any] = story.play(seed=seed)
    seconds |= story.seconds
    report.print_round(paid, seconds=seconds, total=time.perf_counter() - started)


def _serve(stack: Stack) -> None:
    _say(f"\nThe site is open at {stack.site_url} (sign-ins: see README). Ctrl-C stops everything.")
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)
            stack.check()
    _say("\nStopping …")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _stop(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        main()
    except StackError as problem:
        sys.exit(f"{problem}")
