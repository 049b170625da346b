"""What importing a part of the house loads, seen from a fresh interpreter."""

import subprocess
import sys

import pytest


def loaded_by(statement: str, *names: str) -> set[str]:
    """Which of the named packages a fresh interpreter has loaded after the statement."""
    code = f"{statement}\nimport sys\nprint(*({set(names)!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("core", ["valuation.core", "payouts.core.allocation"])
def test_a_core_loads_no_framework(core):
    assert loaded_by(f"import {core}", "django", "rest_framework", "celery", "psycopg", "torch", "sklearn") == set()


def test_loading_the_urls_loads_no_torch():
    statement = (
        "import os, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'marketplace.settings'\n"
        "django.setup()\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns"
    )

    assert loaded_by(statement, "torch") == set()
