"""Fixtures that every test may ask for."""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Each of these runs a whole Faircut for many tests: one process takes them all, and begins with them.
STACKS = ("tests/browser/", "tests/concurrency/test_processes.py", "tests/integration/test_production_demo.py")


@pytest.hookimpl(trylast=True)  # after the order was shuffled
def pytest_collection_modifyitems(items):
    """Begin with the tests that take longest, so that no process is left alone with them in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(STACKS))


class TogetherScheduling(LoadScopeScheduling):
    """Keep the tests of a stack in one process, and those of every other file."""

    def _split_scope(self, nodeid):
        file, _, _ = nodeid.partition("::")
        return next((stack for stack in STACKS if file.startswith(stack)), file)


def pytest_xdist_make_scheduler(config, log):
    return TogetherScheduling(config, log)


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
