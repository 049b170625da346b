"""`make dev`: a changed file gives a new worker, and debug pages are the demo's alone."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from marketplace.demo import dev_server


class Workers:
    """A stack that only counts what is done with its worker."""

    def __init__(self, workers=2):
        self.workers, self.done = workers, []

    def kill_worker(self):
        self.done.append("killed")

    def start_worker(self):
        self.done.append("started")


@pytest.fixture
def tree(tmp_path):
    for app in dev_server.APPS:
        (tmp_path / app).mkdir()
    (tmp_path / "valuation" / "tasks.py").write_text("first = 1")
    return tmp_path


def test_a_changed_file_gives_a_new_worker(tree):
    stack, said, before = Workers(), [], dev_server.code_of(tree)
    os.utime(tree / "valuation" / "tasks.py", ns=(0, 1))

    now = dev_server.renew_worker(stack, before, dev_server.code_of(tree), said.append)

    assert stack.done == ["killed", "started"]
    assert said == ["Changed: tasks.py. The worker starts anew."]
    assert dev_server.renew_worker(stack, now, dev_server.code_of(tree), said.append) == now
    assert stack.done == ["killed", "started"]


def test_without_workers_none_is_started(tree):
    stack = Workers(workers=0)

    dev_server.renew_worker(stack, frozenset(), dev_server.code_of(tree), pytest.fail)

    assert stack.done == []


@pytest.mark.parametrize("change", ["new", "gone"])
def test_files_that_come_and_go_are_changes(tree, change):
    before = dev_server.code_of(tree)
    if change == "new":
        (tree / "payouts" / "tasks.py").write_text("")
    else:
        (tree / "valuation" / "tasks.py").unlink()

    assert dev_server.code_of(tree) != before


def test_other_files_do_not_concern_the_worker(tree):
    before = dev_server.code_of(tree)
    (tree / "marketplace" / "page.html").write_text("words")

    assert dev_server.code_of(tree) == before


@pytest.mark.parametrize(("demo", "debug"), [("1", "True"), ("", "False")])
def test_debug_pages_are_the_demos_alone(demo, debug):
    done = subprocess.run(
        [sys.executable, "-c", "from marketplace import settings; print(settings.DEBUG)"],
        env={**os.environ, "FAIRCUT_DEMO": demo, "FAIRCUT_DEBUG": "1"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == debug
