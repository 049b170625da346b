"""`make worker`: a worker in this terminal, beside a running demo, one thing at a time, so that breakpoint() stops."""

import os
import sys
from pathlib import Path

from marketplace.demo import environment
from marketplace.demo.stack import worker_command

FOLDER = Path(".faircut")

if __name__ == "__main__":
    if not environment.adopt(FOLDER):
        sys.exit("No demo runs here: start one with `make dev WORKERS=0` in another terminal.")
    command = [*worker_command(FOLDER), "--pool", "solo", "--loglevel", "INFO"]
    os.execv(command[0], command)  # noqa: S606 - this process becomes the worker, and Ctrl-C its own
