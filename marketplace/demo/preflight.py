"""Say clearly what a machine lacks before anything is installed. Standard library only; any Python 3.6+ can read it."""

import importlib.util
import platform
import shutil
import sys

NEEDED_GIB = 2


def problems() -> "list[str]":
    """Return one sentence for each thing that stands in the way."""
    found = []
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        found.append(
            f"Faircut needs Python 3.11 to 3.13, and {sys.executable} is {platform.python_version()}. "
            "Name another one: make demo PYTHON=python3.11"
        )
    if any(importlib.util.find_spec(module) is None for module in ("venv", "ensurepip")):
        found.append("Python's venv module is missing. On Debian: apt-get install python3-venv")
    free_gib = shutil.disk_usage(".").free / 2**30
    if free_gib < NEEDED_GIB:
        found.append(f"Only {free_gib:.1f} GiB are free here; the packages and the demo need {NEEDED_GIB} GiB.")
    if platform.system() not in ("Linux", "Darwin"):
        found.append(f"The bundled PostgreSQL and Valkey run on Linux and macOS, not on {platform.system()}.")
    return found


if __name__ == "__main__":
    stops = problems()
    for sentence in stops:
        print(sentence, file=sys.stderr)
    sys.exit(1 if stops else 0)
