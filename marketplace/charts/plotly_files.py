"""Finds plotly.js in the wheel that requirements.txt pins, so that no copy of it lies in this repository."""

import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage, Storage

NAME = "plotly.min.js"
PREFIX = "plotly"


def folder() -> Path:
    """The wheel's folder of scripts, found without importing plotly."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly is not installed; requirements.txt pins it.")
    return Path(spec.origin).parent / "package_data"


class PlotlyFinder(BaseFinder):
    """Serves this one file of the wheel as ``plotly/plotly.min.js``."""

    def check(self, **_: Any) -> list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        if path != f"{PREFIX}/{NAME}":
            return [] if find_all else None
        found = str(folder() / NAME)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:  # noqa: ARG002
        storage = FileSystemStorage(location=str(folder()))
        storage.prefix = PREFIX  # type: ignore[attr-defined] # collectstatic's way to put files under a folder
        yield NAME, storage
