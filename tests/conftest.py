"""Fixtures that every test may ask for."""

import fcntl
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from xdist.scheduler import LoadScopeScheduling

from tests.kept import Kept

# Each of these runs a whole Faircut for many tests: one process takes them all, and begins with them.
STACKS = ("tests/browser/", "tests/concurrency/test_processes.py", "tests/integration/test_production_demo.py")


# The files that take longest, so that those of a second or two are left for the end.
LONG = (*STACKS, "tests/oracles/", "tests/integration/payouts/", "tests/integration/")


@pytest.hookimpl(trylast=True)  # after the order was shuffled
def pytest_collection_modifyitems(items):
    """Begin with the tests that take longest, so that no process is left alone with them in the end."""
    items.sort(key=lambda item: next((at for at, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG)))


class TogetherScheduling(LoadScopeScheduling):
    """Keep the tests of a stack in one process, and those of every other file."""

    def _split_scope(self, nodeid):
        file, _, _ = nodeid.partition("::")
        return next((stack for stack in STACKS if file.startswith(stack)), file)


def pytest_xdist_make_scheduler(config, log):
    return TogetherScheduling(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """Migrate once for all test processes: the first one there fills a database, and each copies it."""
    with Path(os.environ["FAIRCUT_TEST_SERVICES"], "migrated").open("a+") as mark, django_db_blocker.unblock():
        fcntl.flock(mark, fcntl.LOCK_EX)
        if mark.tell() == 0:
            call_command("migrate", verbosity=0)
            connection.close()
            mark.write("yes")
    connection.settings_dict["TEST"]["TEMPLATE"] = connection.settings_dict["NAME"]


@pytest.fixture(scope="session")
def keep(django_db_setup, django_db_blocker, tmp_path_factory):
    """Build a world once for all tests of this process; see `tests.kept`."""

    def keep(build):
        folder = tmp_path_factory.mktemp("kept")
        with django_db_blocker.unblock(), override_settings(**plain(folder)):
            return Kept(build, folder / "storage")

    return keep


@pytest.fixture(autouse=True)
def plain_settings(settings, tmp_path):
    """Tests store files in their own folder, hash passwords quickly and need no collected static files."""
    for name, value in plain(tmp_path).items():
        setattr(settings, name, value)


def plain(folder):
    return {
        "STORAGES": {
            "default": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(folder / "storage")},
            },
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        # A cache of its own: sign-in attempts of one test must not count against the next.
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(folder)}},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }
