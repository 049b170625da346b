"""A pytest plugin (`-p tests.services_plugin`) that starts PostgreSQL and Valkey before Django reads its settings.

A plugin and not a conftest, because pytest-django imports the settings before any conftest is loaded.
"""

import os
import tempfile
from pathlib import Path

import pytest

# Here and not below: pytest-randomly imports numpy before any hook is called, and threads of several test processes
# that wait for each other on two cores take twenty times as long as one each.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

_started = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests():
    # xdist's workers inherit the addresses of the services that the controller started.
    if os.environ.get("FAIRCUT_TEST_SERVICES"):
        return
    folder = tempfile.TemporaryDirectory(prefix="faircut-tests-", ignore_cleanup_errors=True)
    # PostgreSQL runs as another user when the tests run as root, and must be able to walk in.
    Path(folder.name).chmod(0o755)
    os.environ |= {
        "FAIRCUT_SECRET_KEY": "tests-only-tests-only-tests-only-tests-only-tests-only",
        "FAIRCUT_DEMO": "1",
        "FAIRCUT_STORAGE_DIR": f"{folder.name}/storage",
        "FAIRCUT_STATIC_DIR": f"{folder.name}/static",
        "FAIRCUT_LOG_LEVEL": "WARNING",
    }
    Path(folder.name, "static").mkdir()
    from marketplace.demo.local_services import LocalServices  # noqa: PLC0415 - reads the environment set above

    services = LocalServices.start(Path(folder.name))
    services.ensure_database()
    _trade_safety_for_speed(services)
    os.environ |= {
        "FAIRCUT_DATABASE_URL": services.database_url(),
        "FAIRCUT_BROKER_URL": services.broker_url,
        "FAIRCUT_TEST_SERVICES": folder.name,
    }
    _started.extend([services, folder])


def _trade_safety_for_speed(services):
    """Nothing here outlives the run, so PostgreSQL need not wait for the disk, tidy up or compile queries."""
    import psycopg  # noqa: PLC0415 - only where the services are started

    with psycopg.connect(services.database_url(), autocommit=True) as database:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit"):
            database.execute(f"ALTER SYSTEM SET {setting} = off")
        database.execute("SELECT pg_reload_conf()")


def pytest_unconfigure():
    if _started:
        services, folder = _started
        _started.clear()
        services.stop()
        folder.cleanup()
