"""The demo has no mail server: its mails are files, and its pages say where."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def mail_folder(_request: HttpRequest) -> dict[str, Any]:
    """Give every template the folder of the demo's mails, relative to the repository where it lies inside."""
    path = getattr(settings, "EMAIL_FILE_PATH", None)
    if not (settings.DEMO and path):
        return {"mail_folder": ""}
    folder = Path(path)
    inside = folder.is_relative_to(settings.BASE_DIR)
    return {"mail_folder": str(folder.relative_to(settings.BASE_DIR) if inside else folder)}
