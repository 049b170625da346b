"""`pip wheel .` builds the engine as a package that works where nothing else of Faircut is."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SHOWN = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import valuation.core
from valuation.core import group_game, leave_one_out
from valuation.core.games.known_games import GloveGame

print(valuation.core.__file__.startswith(sys.argv[1]), [name for name in ("django", "celery") if name in sys.modules])
print(leave_one_out(GloveGame(1, 1), [np.array([0]), np.array([1])]).values.tolist())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The contents of the wheel, built from a copy: setuptools leaves folders behind where it builds."""
    tree, wheels, target = (tmp_path_factory.mktemp(name) for name in ("tree", "wheels", "target"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for folder in ("docs", "valuation", "payouts", "marketplace"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "data"))
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(wheels)], cwd=tree, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_the_wheel_holds_the_engine_and_the_licence_and_nothing_else(installed):
    built = {str(path.relative_to(installed)) for path in installed.rglob("*.py")}
    core = ROOT / "valuation" / "core"

    assert built == {str(path.relative_to(ROOT)) for path in core.rglob("*.py")}
    assert [path.name for path in installed.rglob("LICENSE")] == ["LICENSE"]


def test_the_engine_works_from_the_wheel_alone(installed):
    done = subprocess.run(
        [sys.executable, "-I", "-c", SHOWN, str(installed)],
        cwd=installed,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert done.stdout.splitlines() == ["True []", "[1.0, 1.0]"], done.stderr
