"""What an update of HCDV-Inc saves: evaluations and CPU seconds against full recomputation, by size of the update.

Run: OMP_NUM_THREADS=1 python -m benchmarks.hcdv_incremental [wide | deep], both unless told otherwise. Adult, 5,500
rows first; "wide" is the tree of a marketplace run, "deep" one of many small games.
"""

import sys
import time
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from benchmarks.hcdv_rows import adult_rows
from valuation.core import EncoderConfig, HcdvConfig, ModelSpec, estimate_hcdv, make_utility
from valuation.core.rows.growing.incremental import recompute, start_incremental, update_incremental
from valuation.core.rows.growing.incremental_state import IncrementalConfig

FIRST_ROWS = 5_500
SIZES = (1, 50, 1_500)  # rows of an update
UPDATES = 3  # in a row; the third balances the tree
WIDE = HcdvConfig(
    embedding="encoder",
    encoder=EncoderConfig(device="cpu"),
    children=(8,),
    leaf_size=64,
    permutations=(64,),
    balanced_classes=True,
)
CONFIGS = {"wide": WIDE, "deep": replace(WIDE, children=(4,), leaf_size=8, permutations=(16,))}


def timed(work):
    started = time.process_time()
    return work(), time.process_time() - started


def largest_leaf(tree):
    return int((tree.stops - tree.starts)[tree.child_counts == 0].max())


def ranked_alike(first, second):
    return np.corrcoef(rankdata(first), rankdata(second))[0, 1]


def main(name: str) -> None:
    config = CONFIGS[name]
    X, y, X_valid, y_valid = adult_rows()
    valid = {"X_valid": X_valid, "y_valid": y_valid}
    spec = ModelSpec("logistic_regression", {}, "balanced_accuracy")

    def game(n_rows):
        return make_utility(spec, X[:n_rows], y[:n_rows], X_valid, y_valid)

    (values, first), seconds = timed(
        lambda: start_incremental(
            game(FIRST_ROWS),
            X[:FIRST_ROWS],
            y[:FIRST_ROWS],
            config=IncrementalConfig(config),
            rng=np.random.default_rng(0),
            **valid,
        )
    )
    start_values = values.values
    print(f"{name}, {FIRST_ROWS} rows at the start: {values.evaluations} evaluations, {seconds:.1f} CPU s")
    for size in SIZES:
        state, stop = first, FIRST_ROWS
        for number in range(1, UPDATES + 1):
            new = slice(stop, stop + size)
            stop += size
            # The old state must outlive the update: a loop variable in a closure would be the new one.
            before = state
            (values, state), seconds = timed(
                lambda before=before, new=new: update_incremental(before, game(new.stop), X[new], y[new])
            )
            whole = values.evaluations + values.evaluations_saved
            print(
                f"  {size} rows, update {number}{', balancing' if values.rebalanced else ''}: "
                f"{values.evaluations} evaluations of {whole} ({values.evaluations / whole:.2f}), "
                f"games {values.games_played} of {values.games_played + values.games_reused}, {seconds:.1f} CPU s, "
                f"{values.leaves_founded} leaves founded, largest leaf {largest_leaf(state.tree)}",
                flush=True,
            )
        same, same_seconds = timed(lambda state=state, stop=stop: recompute(state, game(stop)))
        print(
            f"  {stop} rows, every game of that tree: {same.evaluations} evaluations, {same_seconds:.1f} CPU s; "
            f"largest difference {np.abs(values.values - same.values).max():.1e}"
        )
        anew, anew_seconds = timed(
            lambda stop=stop: estimate_hcdv(
                game(stop), X[:stop], y[:stop], config=config, rng=np.random.default_rng(1), **valid
            )
        )
        print(
            f"  {stop} rows anew, another encoder and tree: {anew.evaluations} evaluations, {anew_seconds:.1f} CPU s; "
            f"rank correlation with the updated values {ranked_alike(anew.values, values.values):.2f}; of the first "
            f"rows' values with those before the updates {ranked_alike(start_values, values.values[:FIRST_ROWS]):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    for name in sys.argv[1:] or CONFIGS:
        main(name)
