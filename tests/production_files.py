"""The Dockerfile and docker-compose.yml as data, for tests that hold them against the code and run what they say."""

import json
import re
import shlex
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]


def compose():
    """docker-compose.yml, its anchors and merges resolved."""
    return yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())


def dockerfile():
    """(instruction, arguments) of each line of the Dockerfile, continuations joined, comments dropped."""
    lines = [line for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def command_of(service):
    """What a service's container runs, as a list of words: its own command, or the image's."""
    if "command" in service:
        return shlex.split(service["command"])
    return json.loads(next(arguments for instruction, arguments in dockerfile() if instruction == "CMD"))
