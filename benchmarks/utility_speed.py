"""Evaluations per CPU second of batched logistic regression, beside scikit-learn's on the same coalitions of Adult.

Run from the repository root: ``python -m benchmarks.utility_speed``.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import threadpoolctl
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from valuation.core.utility import ModelSpec, make_utility
from valuation.core.utility.features import FeatureEncoder

NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week", "fnlwgt"]
CATEGORIES = [
    "workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country",
]  # fmt: skip
N_TRAIN, N_VALID, ROUNDS = 10_000, 5_000, 3
# size: (coalitions for us, coalitions for scikit-learn) a round
SIZES = {
    10: (2048, 20), 30: (1024, 20), 100: (512, 20), 300: (256, 20), 1000: (128, 10), 2000: (64, 8), 5000: (64, 4),
    9900: (64, 3), 10_000: (64, 3),
}  # fmt: skip


def adult() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    path = Path(os.environ.get("FAIRCUT_DATA", "../shared/data")) / "adult" / "adult.parquet"
    if not path.exists():
        print(f"Skipped: {path} does not exist; set FAIRCUT_DATA to the folder that holds adult/adult.parquet.")
        sys.exit(0)
    table = pq.read_table(path)
    columns = {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}
    rng = np.random.default_rng(0)
    train = rng.permutation(np.flatnonzero(columns["split"] == "train"))[:N_TRAIN]
    valid = rng.permutation(np.flatnonzero(columns["split"] == "test"))[:N_VALID]
    declared = [{"name": name, "kind": "number", "required": False} for name in NUMBERS]
    for name in [*CATEGORIES, "income"]:
        known = sorted({value for value in columns[name] if value is not None})
        declared.append({"name": name, "kind": "category", "required": False, "categories": known})
    for name in NUMBERS:
        columns[name] = columns[name].astype(np.float64)
    pick = lambda rows: {name: values[rows] for name, values in columns.items()}  # noqa: E731
    encoder = FeatureEncoder.fit({"columns": declared}, "income", pick(valid))
    return (
        encoder.encode(pick(train)).values,
        encoder.encode_target(pick(train)),
        encoder.encode(pick(valid)).values,
        encoder.encode_target(pick(valid)),
    )


def draw(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    coalitions = np.zeros((count, N_TRAIN), dtype=bool)
    for coalition in coalitions:
        coalition[rng.choice(N_TRAIN, size=size, replace=False)] = True
    return coalitions


def sklearn_utility(coalition: np.ndarray, data: tuple[np.ndarray, ...]) -> float:
    X, y, X_valid, y_valid = data
    if len(np.unique(y[coalition])) == 1:
        return 0.5
    model = LogisticRegression(C=1.0, max_iter=1000).fit(X[coalition], y[coalition])
    return float(balanced_accuracy_score(y_valid, model.predict(X_valid)))


def main() -> None:
    data = adult()
    rng = np.random.default_rng(1)
    started = time.process_time()
    game = make_utility(ModelSpec("logistic_regression", {}, "balanced_accuracy", 0), *data)
    print(f"features {data[0].shape[1]}, set-up {time.process_time() - started:.2f} CPU s (once a game)")
    print(f"{'rows':>6} {'ours/s':>9} {'rowwise/s':>9} {'sklearn/s':>9} {'ratio':>7} {'largest difference':>18}")
    for size, (count, count_sklearn) in SIZES.items():
        ours, rowwise, theirs, difference = [], [], [], 0.0
        for _ in range(ROUNDS):  # interleaved, so that a busy machine slows both
            coalitions = draw(rng, size, count)
            started = time.process_time()
            values = game(coalitions)
            ours.append(count / (time.process_time() - started))
            started = time.process_time()
            game.rowwise(coalitions)
            rowwise.append(count / (time.process_time() - started))
            started = time.process_time()
            expected = [sklearn_utility(coalition, data) for coalition in coalitions[:count_sklearn]]
            theirs.append(count_sklearn / (time.process_time() - started))
            difference = max(difference, float(np.abs(values[:count_sklearn] - expected).max()))
        figures = [float(np.median(rates)) for rates in (ours, rowwise, theirs)]
        print(
            f"{size:>6} {figures[0]:>9.0f} {figures[1]:>9.0f} {figures[2]:>9.0f} {figures[0] / figures[2]:>6.1f}x"
            f" {difference:>18.5f}"
        )


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
