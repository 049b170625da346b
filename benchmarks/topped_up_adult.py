"""What Algorithm 2's s_min does to the demo's sellers: shares, how sure they are, and CPU seconds.

Run: OMP_NUM_THREADS=1 python -m benchmarks.topped_up_adult
"""

import time

import numpy as np

from benchmarks.fgsv_adult import adult_rows
from marketplace.demo import adult
from valuation.core import ModelSpec, estimate_fgsv, make_topped_up_utility

BUDGET = 6_000


def line_of(s_min: int) -> str:
    rows, sellers = adult_rows(validation_rows=2_000)
    spec = ModelSpec.from_json({**adult.MODEL_SPEC, "metric": adult.METRIC})
    start = time.process_time()
    game = make_topped_up_utility(
        spec, rows.X, rows.y, rows.X_valid, rows.y_valid, s_min=s_min, rng=np.random.default_rng(1)
    )
    found = estimate_fgsv(game, sellers, budget=BUDGET, rng=np.random.default_rng(2))
    half = np.diff(found.share_interval())[:, 0] / 2
    shares = [
        f"{100 * share:.1f} ± {100 * width:.1f}"
        for share, width in zip(found.shares.tolist(), half.tolist(), strict=True)
    ]
    return f"| {s_min} | {found.values.sum():.3f} | {' | '.join(shares)} | {time.process_time() - start:.0f} |"


def main() -> None:
    print("| s_min | pot | p1 | p2 | p3 | p4 | p5 | CPU s |\n| --: | --: | --: | --: | --: | --: | --: | --: |")
    for s_min in (0, 100, 200, 500):
        print(line_of(s_min), flush=True)


if __name__ == "__main__":
    main()
