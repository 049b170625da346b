"""Fixtures that every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def plain_settings(settings, tmp_path):
    """Tests store files in their own folder, hash passwords quickly and need no collected static files."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # A cache of its own: sign-in attempts of one test must not count against the next.
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real datasets, or a skip that says how to get them."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FAIRCUT_DATA", default))
    if not folder.is_dir():
        pytest.skip("real datasets absent: set FAIRCUT_DATA to their folder")
    return folder
