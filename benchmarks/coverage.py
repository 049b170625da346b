"""How often 95 % intervals hold the truth, estimator by estimator: the table of docs/evidence/coverage.md.

Run: OMP_NUM_THREADS=1 python -m benchmarks.coverage [runs] [part of a name ...]
"""

import sys
import time

from tests.oracles.coverage import CASES, Case, coverage_of


def line_of(case: Case, runs: int) -> str:
    start = time.process_time()
    found = coverage_of(case, runs)
    seconds = f"{time.process_time() - start:.0f}"
    if found is None:
        return f"| {case.name} | {case.game} | - | offers none | - | {seconds} |"
    figures = [f"{100 * share:.1f} ± {100 * error:.1f}" for share, error in (found.values, found.shares) if share]
    figures += ["-"] * (2 - len(figures))
    return f"| {case.name} | {case.game} | {found.runs:,} | {' | '.join(figures)} | {seconds} |"


def main(runs: int, names: list[str]) -> None:
    print("| estimator | games | runs | values, % | shares, % | CPU s |\n| --- | --- | --: | --: | --: | --: |")
    for case in CASES:
        if not names or any(name in case.name for name in names):
            print(line_of(case, runs), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
