"""Six real markets of ten sellers each, honest and not, for ``benchmarks.game``: rows before they are encoded.

Data are the files of the folder that FAIRCUT_DATA names.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from valuation.core import ModelSpec, PooledRows
from valuation.core.games.game import IndexVector
from valuation.core.models.features import Columns, FeatureEncoder

FAIRCUT_DATA = Path(os.environ.get("FAIRCUT_DATA", "../shared/data"))
N_VALID = 1_500
LARGE = "honest, large"
HONEST = (LARGE, "honest, small", "honest, tiny")
PERMUTED, FLIPPED, ONE_CLASS, COPIES, OUTLIERS = "labels permuted", "labels flipped", "one class", "copies", "outliers"
# Kind and rows of every seller. The copier has rows of the first seller; everybody else's are drawn apart.
SELLERS = (
    (LARGE, 1_000), (LARGE, 1_000), (LARGE, 1_000), ("honest, small", 100), ("honest, tiny", 20),
    (PERMUTED, 300), (FLIPPED, 200), (ONE_CLASS, 80), (COPIES, 200), (OUTLIERS, 40),
)  # fmt: skip
SMALLER_SELLERS = (
    (LARGE, 350), (LARGE, 350), (LARGE, 350), ("honest, small", 50), ("honest, tiny", 20),
    (PERMUTED, 100), (FLIPPED, 70), (ONE_CLASS, 30), (COPIES, 70), (OUTLIERS, 15),
)  # fmt: skip
OUTLIERS_TIMES = 100.0
N_COMPONENTS = 50


@dataclass(frozen=True, eq=False)
class Table:
    """Columns by name, and the targets of their rows: class codes, or numbers."""

    columns: Columns
    targets: np.ndarray

    def rows(self, chosen: IndexVector) -> "Table":
        return Table({name: values[chosen] for name, values in self.columns.items()}, self.targets[chosen])


@dataclass(frozen=True)
class Market:
    """A buyer's question: data, model and metric; the terms of the game are added by who asks."""

    name: str
    title: str
    file: str
    read: Callable[[Path], Table]
    family: str
    metric: str
    sellers: tuple[tuple[str, int], ...] = SELLERS

    @property
    def spec(self) -> dict[str, str]:
        return {"family": self.family, "metric": self.metric}

    @property
    def regression(self) -> bool:
        return ModelSpec.from_json(self.spec).task == "regression"


def adult(path: Path) -> Table:
    numbers = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
    categories = [
        "workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country",
    ]  # fmt: skip
    return _from_parquet(path, numbers, categories, "income")


def adult_with_few_positives(path: Path) -> Table:
    table = adult(path)
    positives = np.flatnonzero(table.targets == 1)
    kept = int(0.11 / 0.89 * (table.targets == 0).sum())
    dropped = np.random.default_rng(11).permutation(positives)[kept:]
    return table.rows(np.setdiff1d(np.arange(len(table.targets)), dropped))


def bikes(path: Path) -> Table:
    numbers = ["holiday", "workingday", "temp", "atemp", "hum", "windspeed"]
    return _from_parquet(path, numbers, ["season", "mnth", "hr", "weekday", "weathersit"], "cnt", regression=True)


def credit(path: Path) -> Table:
    months = ["0", "2", "3", "4", "5", "6"]
    numbers = ["LIMIT_BAL", "AGE", *[f"PAY_{month}" for month in months]]
    numbers += [f"{what}{month}" for what in ("BILL_AMT", "PAY_AMT") for month in range(1, 7)]
    return _from_parquet(path, numbers, ["SEX", "EDUCATION", "MARRIAGE"], "default_payment_next_month")


def fashion(path: Path) -> Table:
    """The first 10,000 pictures, 28 x 28 pixels averaged to 7 x 7."""
    with np.load(path) as archive:
        pictures, labels = archive["X_train"][:10_000], archive["y_train"][:10_000]
    return _from_matrix(pictures.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(len(pictures), -1), labels)


def news(path: Path) -> Table:
    """The first 50 principal components of the embeddings, articles that repeat an earlier one left out."""
    with np.load(path) as archive:
        vectors, labels = archive["embeddings"].astype(np.float64), archive["labels"]
    repeats = pq.read_table(path.with_name("bbc_news.parquet"))["is_duplicate"].to_numpy(zero_copy_only=False)
    vectors -= vectors.mean(axis=0)
    directions = np.linalg.eigh(vectors.T @ vectors)[1][:, : -N_COMPONENTS - 1 : -1]
    return _from_matrix(vectors @ directions, labels).rows(np.flatnonzero(~repeats.astype(bool)))


MARKETS = (
    Market("adult", "Adult, 24 % positives", "adult/adult.parquet", adult, "logistic_regression", "balanced_accuracy"),
    Market(
        "adult11", "Adult, 11 % positives", "adult/adult.parquet", adult_with_few_positives, "logistic_regression",
        "balanced_accuracy",
    ),
    Market("bikes", "Bike sharing", "bike_sharing/bike_hour.parquet", bikes, "ridge_regression", "r2"),
    Market(
        "credit", "Credit default", "credit_default/credit_default.parquet", credit, "linear_discriminant", "roc_auc",
    ),
    Market(
        "fashion", "Fashion-MNIST, ten classes", "fashion_mnist/fashion_mnist.npz", fashion, "linear_discriminant",
        "balanced_accuracy",
    ),
    Market(
        "news", "BBC news, text vectors", "bbc_news/bbc_minilm.npz", news, "logistic_regression", "macro_f1",
        SMALLER_SELLERS,
    ),
)  # fmt: skip


def sellers_of(market: Market, seed: int = 7) -> tuple[list[Table], Table]:
    """Every seller's rows, and the buyer's validation rows, before they are encoded."""
    table = market.read(FAIRCUT_DATA / market.file)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table.targets))
    asked = sum(size for kind, size in market.sellers if kind not in {COPIES, ONE_CLASS})
    of_one = _of_one_class(table.targets, order, dict(market.sellers)[ONE_CLASS], regression=market.regression)
    free = order[~np.isin(order, of_one)]
    valid = table.rows(free[asked : asked + N_VALID])
    sellers, at = [], 0
    for kind, size in market.sellers:
        if kind == COPIES:
            sellers.append(sellers[0].rows(np.arange(size)))
        elif kind == ONE_CLASS:
            sellers.append(table.rows(of_one))
        else:
            sellers.append(_changed(kind, table.rows(free[at : at + size]), table.targets, market, rng))
            at += size
    return sellers, valid


def encoded(
    sellers: list[Table], valid: Table, *, regression: bool, clip_numbers: bool
) -> tuple[PooledRows, list[IndexVector]]:
    """The rows as the worker has them, and which are each seller's."""
    schema = _schema(sellers, valid, regression=regression)
    encoder = FeatureEncoder.fit(schema, "target", valid.columns, clip_numbers=clip_numbers)
    X = np.concatenate([encoder.encode(seller.columns).values for seller in sellers])
    y = np.concatenate([seller.targets for seller in sellers])
    groups = np.split(np.arange(len(y)), np.cumsum([len(seller.targets) for seller in sellers])[:-1])
    return PooledRows(X, y, encoder.encode(valid.columns).values, valid.targets), groups


def _changed(kind: str, rows: Table, all_targets: np.ndarray, market: Market, rng: np.random.Generator) -> Table:
    """What a seller of this kind makes of honest rows."""
    if kind == PERMUTED:
        return Table(rows.columns, rng.permutation(rows.targets))
    if kind == FLIPPED and market.regression:
        return Table(rows.columns, 2 * all_targets.mean() - rows.targets)
    if kind == FLIPPED:
        return Table(rows.columns, (rows.targets + 1) % (all_targets.max() + 1))
    if kind == OUTLIERS:
        numbers = {name: column * OUTLIERS_TIMES for name, column in rows.columns.items() if column.dtype.kind == "f"}
        return Table({**rows.columns, **numbers}, rows.targets)
    return rows


def _of_one_class(targets: np.ndarray, order: IndexVector, size: int, *, regression: bool) -> IndexVector:
    """The first so many rows of the last class, or of the highest tenth of the targets."""
    wanted = targets >= np.quantile(targets, 0.9) if regression else targets == targets.max()
    return order[wanted[order]][:size]


def _schema(sellers: list[Table], valid: Table, *, regression: bool) -> dict[str, Any]:
    columns: list[dict[str, Any]] = []
    for name, column in valid.columns.items():
        if column.dtype.kind == "f":
            columns.append({"name": name, "kind": "number"})
        else:
            found = {value for part in [valid, *sellers] for value in part.columns[name] if value is not None}
            columns.append({"name": name, "kind": "category", "categories": sorted(found)})
    target = {"name": "target", "kind": "number" if regression else "category", "categories": []}
    return {"columns": [*columns, target]}


def _from_parquet(
    path: Path, numbers: list[str], categories: list[str], target: str, *, regression: bool = False
) -> Table:
    table = pq.read_table(path)
    columns: dict[str, np.ndarray] = {
        name: table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in numbers
    }
    for name in categories:
        words = [None if value is None else str(value) for value in table[name].to_pylist()]
        columns[name] = np.array(words, dtype=object)
    targets = table[target].to_numpy(zero_copy_only=False)
    return Table(columns, targets.astype(np.float64) if regression else np.unique(targets, return_inverse=True)[1])


def _from_matrix(matrix: np.ndarray, labels: np.ndarray) -> Table:
    return Table({f"x{place}": column.astype(np.float64) for place, column in enumerate(matrix.T)}, labels.astype(int))
