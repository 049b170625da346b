"""docs/library.md runs as it stands and prints what it says, in an interpreter that has no framework loaded."""

import re
import subprocess
import sys
from pathlib import Path

import valuation.core

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "library.md").read_text()
# The names that docs/library.md works with; whoever uses the library may rely on them.
CONTRACT = {
    "Game", "ModelSpec", "make_utility", "UtilityGame", "group_game", "estimate_fgsv", "estimate_gsv", "estimate_hcdv",
    "leave_one_out", "estimate_points", "knn_shapley", "du_shapley", "GroupValues", "PointValues",
}  # fmt: skip
FRAMEWORKS = ("django", "celery", "psycopg", "torch")


def in_a_fresh_interpreter(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_prints_what_it_says_and_loads_no_framework():
    blocks = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", PAGE, re.DOTALL)
    assert PAGE.count("```python") == len(blocks), "every block of code says what it prints"
    mark = "-- next block --"
    loaded = f"import sys\nprint([name for name in {FRAMEWORKS!r} if name in sys.modules])"

    printed = in_a_fresh_interpreter(f"\nprint({mark!r})\n".join([*(code for code, _ in blocks), loaded]))

    found = [part.strip() for part in printed.split(mark)]
    assert found == [*(text.strip() for _, text in blocks), "[]"]


def test_every_name_of_the_contract_is_offered_and_every_offered_name_is_there():
    assert set(valuation.core.__all__) >= CONTRACT
    names = ", ".join(valuation.core.__all__)

    code = f"from valuation.core import {names}\nimport sys\nprint([n for n in {FRAMEWORKS!r} if n in sys.modules])"

    assert in_a_fresh_interpreter(code).strip() == "[]"
