"""The running demo's settings in a file, so that commands typed beside it reach its database and files."""

import json
import os
from pathlib import Path

FILE = "environment.json"


def write(folder: Path, environment: dict[str, str]) -> None:
    """Keep Faircut's own settings for as long as the demo runs; nobody else may read them."""
    path = folder / FILE
    path.unlink(missing_ok=True)
    settings = {name: value for name, value in environment.items() if name.startswith("FAIRCUT_")}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
        json.dump(settings, stream)


def forget(folder: Path) -> None:
    """The demo has stopped."""
    (folder / FILE).unlink(missing_ok=True)


def adopt(folder: Path = Path(".faircut")) -> bool:
    """Take the running demo's settings where none are set; returns whether that was done."""
    path = folder / FILE
    if "FAIRCUT_SECRET_KEY" in os.environ or not path.exists():
        return False
    os.environ.update(json.loads(path.read_text()))
    return True
