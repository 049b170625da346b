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


def test_loading_the_urls_loads_nothing_heavy():
    statement = (
        "import os, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'marketplace.settings'\n"
        "django.setup()\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns"
    )

    assert loaded_by(statement, "torch", "matplotlib", "weasyprint", "plotly") == set()


def test_planning_row_values_and_opening_a_workers_tasks_loads_no_torch():
    plan = (
        "from valuation.core import HcdvPlan\n"
        "from valuation.core.rows.market import market_config\n"
        "config = market_config(n_rows=10_000, task='classification', metric='roc_auc', batched=True)\n"
        "plan = HcdvPlan(10_000, config)\n"
        "plan.next_wave(plan.start())"
    )
    tasks = (
        "import os, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'marketplace.settings'\n"
        "django.setup()\n"
        "import valuation.tasks"
    )

    assert loaded_by(plan, "torch", "sklearn") == set()
    assert loaded_by(tasks, "torch") == set()


def test_of_hcdvs_blocks_only_the_one_that_trains_the_encoder_loads_torch():
    games = (
        "import numpy as np\n"
        "from valuation.core import HcdvConfig, estimate_hcdv\n"
        "class Game:\n"
        "    n_players = 20\n"
        "    def __call__(self, coalitions):\n"
        "        return coalitions.mean(axis=1)\n"
        "X = np.random.default_rng(0).normal(size=(20, 2))\n"
        "config = HcdvConfig(embedding='standardized', children=(2,), leaf_size=5)\n"
        "estimate_hcdv(Game(), X, np.arange(20) % 2, config=config, rng=np.random.default_rng(0))"
    )

    assert loaded_by(games, "torch") == set()
