"""Fixtures that every test may ask for."""

import pytest

# Each of these runs a whole Faircut for many tests: one process takes them all, and begins with them.
STACKS = ("tests/browser/", "tests/concurrency/test_processes.py", "tests/integration/test_production_demo.py")


def pytest_collection_modifyitems(items):
    """Keep the tests of a stack together and every other file's too, the long ones first.

    Called after the order was shuffled, which asks to be first, and before groups are read, which asks to be last.
    """
    for item in items:
        name, _, _ = item.nodeid.partition("::")
        stack = next((stack for stack in STACKS if name.startswith(stack)), name)
        item.add_marker(pytest.mark.xdist_group(stack))
    items.sort(key=lambda item: not item.nodeid.startswith(STACKS))


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
