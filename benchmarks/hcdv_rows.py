"""Do HCDV's row values find flipped labels? AUC on Adult, by embedding, hierarchy and context, beside KNN-Shapley.

Run: OMP_NUM_THREADS=1 python -m benchmarks.hcdv_rows [children] [leaf size], 4 and 64 unless told otherwise.
"""

import sys
import time
from collections import defaultdict
from itertools import product

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from marketplace.demo import adult
from valuation.core import HcdvConfig, ModelSpec, estimate_hcdv, knn_shapley, make_utility
from valuation.core.models.features import Columns, FeatureEncoder
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.encoder.train import train_encoder
from valuation.core.rows.tree.partitions import PARTITIONS

SIZES = {1_000: 4, 3_000: 1}  # rows and seeds
VALID_ROWS = 1_000
FLIPPED = 0.1
PERMUTATIONS = 64
NEIGHBOURS = 5


def adult_rows():
    """10,000 training rows and the validation rows, encoded as for a marketplace run."""
    schema = adult.request_schema()

    def columns(table: pa.Table) -> Columns:
        return {
            column["name"]: table.column(column["name"]).to_numpy(zero_copy_only=False) for column in schema["columns"]
        }

    train = adult.training_part()
    train = columns(train.take(pa.array(np.random.default_rng(0).permutation(train.num_rows)[:10_000])))
    valid = columns(adult.test_part().slice(0, VALID_ROWS))
    encoder = FeatureEncoder.fit(schema, adult.TARGET, valid)
    return tuple(part for rows in (train, valid) for part in (encoder.encode(rows).values, encoder.encode_target(rows)))


def detection(values, flipped):
    """How often a flipped row is worth less than a clean one."""
    ranks, n_flipped = rankdata(-values), flipped.sum()
    return (ranks[flipped].sum() - n_flipped * (n_flipped + 1) / 2) / (n_flipped * (~flipped).sum())


def with_flips(X, y, n_rows, seed):
    rng = np.random.default_rng(100 + seed)
    rows = rng.permutation(len(X))[:n_rows]
    flipped = np.zeros(n_rows, dtype=bool)
    flipped[rng.permutation(n_rows)[: int(FLIPPED * n_rows)]] = True
    return X[rows], np.where(flipped, 1 - y[rows], y[rows]), flipped


def embeddings(X, y, X_valid, seed):
    encoder = train_encoder(
        X, y, task="classification", config=EncoderConfig(device="cpu"), rng=np.random.default_rng(seed)
    )
    return {"raw": (X, X_valid), "encoder": (encoder.embed(X), encoder.embed(X_valid))}


def main(children: int, leaf_size: int) -> None:
    X, y, X_valid, y_valid = adult_rows()
    started = time.process_time()
    encoder = train_encoder(X, y, task="classification", config=EncoderConfig(), rng=np.random.default_rng(0))
    encoder.embed(X)
    print(f"encoder, {X.shape[0]} rows of {X.shape[1]} features: {time.process_time() - started:.1f} CPU s")
    for n_rows, seeds in SIZES.items():
        found = defaultdict(list)
        for seed in range(seeds):
            X_some, y_some, flipped = with_flips(X, y, n_rows, seed)
            game = make_utility(
                ModelSpec("logistic_regression", {}, "balanced_accuracy"), X_some, y_some, X_valid, y_valid
            )
            for where, (z, z_valid) in embeddings(X_some, y_some, X_valid, seed).items():
                values = knn_shapley(z, y_some, z_valid, y_valid, NEIGHBOURS)
                found[where, "KNN-Shapley, no tree", ""].append((detection(values, flipped), np.nan, 0.0))
                for hierarchy, context in product(PARTITIONS, ("alone", "rest")):
                    config = HcdvConfig(
                        embedding="given",
                        hierarchy=hierarchy,
                        context=context,
                        children=(children,),
                        leaf_size=leaf_size,
                        permutations=(PERMUTATIONS,),
                        n_neighbors=NEIGHBOURS,
                    )
                    started = time.process_time()
                    values = estimate_hcdv(
                        game,
                        z,
                        y_some,
                        config=config,
                        rng=np.random.default_rng(seed),
                        X_valid=z_valid,
                        y_valid=y_valid,
                    )
                    found[where, hierarchy, context].append(
                        (
                            detection(values.values, flipped),
                            detection(values.metric_values, flipped),
                            time.process_time() - started,
                        )
                    )
        print(f"{n_rows} rows, {seeds} seeds, {children} children, leaves of at most {leaf_size}:")
        for names, figures in found.items():
            (auc, metric, seconds), spread = np.mean(figures, axis=0), np.std(figures, axis=0)[0]
            print(
                f"  {', '.join(filter(None, names)):40} AUC {auc:.3f} (spread {spread:.3f}), lambda = 0: {metric:.3f},"
                f" {seconds:.1f} CPU s"
            )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]) if len(sys.argv) > 1 else (4, 64))
