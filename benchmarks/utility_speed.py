"""Evaluations per CPU second of every family, beside one plain fit after another on the same coalitions of Adult.

Run from the repository root: ``python -m benchmarks.utility_speed`` (all families at 100 and 1,000 rows) or
``python -m benchmarks.utility_speed logistic`` (logistic regression at every size, with the largest difference).
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import threadpoolctl
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.features import FeatureEncoder

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


def logistic(data: tuple[np.ndarray, ...]) -> None:
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


# family: (params, coalitions a round at 100 and at 1,000 rows, what it is compared with).
FAMILIES = {
    "logistic_regression": ({}, (512, 128), lambda: LogisticRegression(max_iter=1000)),
    "ridge_regression": ({}, (512, 128), Ridge),
    "linear_discriminant": ({}, (512, 128), lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)),
    "knn": ({}, (128, 64), lambda: KNeighborsClassifier(5)),
    "mlp": ({}, (64, 16), None),
    "wide_and_deep": ({}, (64, 16), None),
    "convnet": ({}, (16, 4), None),
}
LOOPED = [
    {"estimator": "GaussianNB"},
    {"estimator": "DecisionTreeClassifier", "params": {"min_samples_leaf": 5}},
    {"estimator": "RandomForestClassifier", "params": {"n_estimators": 50, "min_samples_leaf": 5}},
    {"estimator": "ExtraTreesClassifier", "params": {"n_estimators": 50, "min_samples_leaf": 5}},
    {"estimator": "HistGradientBoostingClassifier"},
    {"estimator": "LinearDiscriminantAnalysis"},
    {"estimator": "GaussianNB", "steps": [{"step": "PCA", "params": {"n_components": 10}}]},
]


def digits() -> tuple[np.ndarray, ...]:
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    train, valid = order[:1_200], order[1_200:]
    return X[train] / 16, y[train], X[valid] / 16, y[valid]


def draw_of(rng: np.random.Generator, n: int, size: int, count: int) -> np.ndarray:
    return rng.permuted(np.arange(n) < np.full((count, 1), size), axis=1)


def one_by_one(make, metric, coalitions, data) -> None:
    X, y, X_valid, _ = data
    for coalition in coalitions:
        model = make().fit(X[coalition], y[coalition])
        metric.score(model.predict(X_valid)[None])


def call_by_call(game, coalitions) -> None:
    for coalition in coalitions:
        game(coalition[None])


def seconds(work, *args) -> float:
    started = time.process_time()
    work(*args)
    return time.process_time() - started


def families(adult_data: tuple[np.ndarray, ...]) -> None:
    """One by one: scikit-learn's counterpart, or where there is none the same family given one coalition a call."""
    rng = np.random.default_rng(1)
    X, y, X_valid, y_valid = adult_data
    numbers = X, X[:, 0] + y, X_valid, X_valid[:, 0] + y_valid
    print(f"{'family':>48} {'rows':>5} {'together/s':>10} {'one by one/s':>12} {'ratio':>7} {'estimate/s':>10}")
    for family, (params, counts, make) in FAMILIES.items():
        regression = family == "ridge_regression"
        data = digits() if family == "convnet" else numbers if regression else adult_data
        game = make_utility(ModelSpec(family, params, "neg_mse" if regression else "accuracy"), *data)
        game(draw_of(rng, game.n_players, 100, 1))  # torch is loaded here
        for size, count in zip((100, 1_000), counts, strict=True):
            together, alone = [], []
            for _ in range(ROUNDS):  # interleaved, so that a busy machine slows both
                coalitions = draw_of(rng, game.n_players, size, count)
                few = coalitions[: max(2, count // 16)]
                together.append(seconds(game, coalitions) / count)
                if make is None:
                    alone.append(seconds(call_by_call, game, few) / len(few))
                else:
                    alone.append(seconds(one_by_one, make, game.metric, few, data) / len(few))
            print_row(family, size, float(np.median(together)), float(np.median(alone)), game.seconds(size))
    for params in LOOPED:
        game = make_utility(ModelSpec("sklearn", params, "accuracy"), *adult_data)
        name = " + ".join([step["step"] for step in params.get("steps", [])] + [params["estimator"]])
        for size in (100, 1_000):
            took = [seconds(game, draw_of(rng, N_TRAIN, size, 8)) / 8 for _ in range(ROUNDS)]
            print_row(name, size, None, float(np.median(took)), game.seconds(size))


def print_row(name: str, size: int, together: float | None, alone: float, estimate: float) -> None:
    first = f"{'':>10}" if together is None else f"{1 / together:>10.0f}"
    ratio = f"{'':>7}" if together is None else f"{alone / together:>6.1f}x"
    print(f"{name:>48} {size:>5} {first} {1 / alone:>12.1f} {ratio} {1 / estimate:>10.0f}")


def main() -> None:
    data = adult()
    if sys.argv[1:] == ["logistic"]:
        logistic(data)
    else:
        families(data)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
