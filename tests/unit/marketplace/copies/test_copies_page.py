"""The example of docs/algorithms/copies.md prints what stands there."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]


def test_the_example_of_the_page_prints_what_it_says():
    page = (ROOT / "docs" / "algorithms" / "copies.md").read_text()
    ((code, printed),) = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == printed
