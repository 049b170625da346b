"""Leave-one-out, sellers as players, Data-OOB and influence functions beside pyDVL's and OpenDataVal's.

Run from the repository root: ``OMP_NUM_THREADS=1 python -m benchmarks.peers_of_rows FOLDER``, where ``FOLDER`` holds
the environments of ``benchmarks.peers``. Influence functions need more in pyDVL's: ``pip install dask distributed
'zarr>=3,<4' 'numpy<2'`` and the torch of requirements.txt.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import threadpoolctl
from scipy.stats import rankdata, spearmanr
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks.peers import TIMEOUT, Table, logistic_game, peers_in, sou_parts, table_of
from marketplace.demo import adult
from valuation.core import GroupGame, data_oob, estimate_gsv, exact_shapley, influence_values, leave_one_out
from valuation.core.baselines.data_oob import _bags
from valuation.core.games.known_games import SumOfUnanimityGame
from valuation.core.models import ModelSpec
from valuation.core.models.features import FeatureEncoder

BAGS, DRAWS, FLIPPED = 200, 3, 0.15
BUDGETS, SEEDS = (800, 3_200, 12_800), 20
FEW, MANY = 5, 14
PEERS = ("pydvl", "opendataval")


def sellers_game():
    """SOU of 64 rows, and which of a few or of many sellers each row belongs to."""
    sets, coefficients = sou_parts(64, np.random.default_rng(0))
    stored = {"groups_n": 64, "groups_sets": sets, "groups_coefficients": coefficients}
    # Sellers of unequal size, and at least one row each.
    owner = np.sqrt(np.arange(64) / 64)
    stored |= {"few": (owner * FEW).astype(int), "many": np.unique((owner * MANY).astype(int), return_inverse=True)[1]}
    return SumOfUnanimityGame(sets, coefficients), stored


def flipped_rows():
    """1,000 rows of Adult, encoded as a run would, and sets of labels of which 15 % are flipped."""
    schema = adult.request_schema()
    table = adult.training_part()
    chosen = np.random.default_rng(0).choice(table.num_rows, 1_000, replace=False)
    columns = {
        column["name"]: table.column(column["name"]).to_numpy(zero_copy_only=False)[chosen]
        for column in schema["columns"]
    }
    encoder = FeatureEncoder.fit(schema, adult.TARGET, columns)
    X, y = encoder.encode(columns).values, encoder.encode_target(columns)
    flips = np.zeros((DRAWS, len(y)), dtype=bool)
    for draw, flip in enumerate(flips):
        flip[np.random.default_rng([1, draw]).choice(len(y), int(FLIPPED * len(y)), replace=False)] = True
    return X, np.where(flips, 1 - y, y), flips


def smooth_rows():
    """120 rows of 5 features, and of two models on them all weights and what the penalty adds to a mean Hessian."""
    rng = np.random.default_rng(3)
    direction = np.array([1.0, -1.0, 0.5, 0.0, 0.0])
    stored = {}
    for name, n in (("X", 120), ("X_valid", 150)):
        X = rng.normal(size=(n, 5))
        targets = name.replace("X", "y")
        stored[name] = X
        stored[f"{targets} log loss"] = (X @ direction + rng.logistic(size=n) > 0).astype(int)
        stored[f"{targets} squared error"] = X @ direction + rng.normal(size=n)
    for name, model in {"log loss": LogisticRegression(tol=1e-10), "squared error": Ridge(1.0)}.items():
        model.fit(stored["X"], stored[f"y {name}"])
        stored[f"weights {name}"] = np.append(model.coef_, model.intercept_)
    # Of a mean: scikit-learn's penalties are |w|^2 / 2 beside a sum of losses, |w|^2 beside one of squares.
    return stored | {"regularization log loss": 1 / 120, "regularization squared error": 2 / 120}


def of_peers(folder, stored):
    """Every peer's values by name."""
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.npz"
        np.savez(path, **stored)
        for peer in peers_in(folder):
            if peer not in PEERS:
                continue
            result = path.with_name(f"{peer}.json")
            environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
            command = [folder / peer / "bin" / "python", Path(__file__).with_name("peer_rows.py"), peer, path, result]
            try:
                subprocess.run(  # noqa: S603 - the interpreters named by whoever runs this
                    command, check=True, timeout=TIMEOUT, env=environment, capture_output=True, text=True
                )
            except subprocess.CalledProcessError as failed:
                print(f"  {peer} stopped: {failed.stderr.strip().splitlines()[-1]}")
            values = json.loads(result.read_text()) if result.exists() else {}
            found[peer] = {name: np.array(numbers) for name, numbers in values.items()}
    return found


def compare(title, ours, theirs, name):
    for peer, values in theirs.items():
        if name in values:
            print(f"{title}: {peer} differs by {np.abs(values[name] - ours).max():.1g} of {np.abs(ours).max():.2g}")


def auc(values, flip):
    """How often a flipped row is worth less than another."""
    ranks = rankdata(-values)
    k = flip.sum()
    return (ranks[flip].sum() - k * (k + 1) / 2) / (k * (~flip).sum())


def sellers(game, stored, theirs):
    few, many = ([np.flatnonzero(stored[name] == seller) for seller in range(size)] for name, size in owners(stored))
    exact = estimate_gsv(game, few, budget=2 ** len(few), rng=np.random.default_rng(0)).values
    compare(f"{len(few)} sellers as players, all coalitions", exact, theirs, "few")
    truth = exact_shapley(Table(table_of(GroupGame(game, many))))
    for budget in BUDGETS:
        runs = [estimate_gsv(game, many, budget=budget, rng=np.random.default_rng(seed)) for seed in range(SEEDS)]
        print(f"{len(many)} sellers, {budget:,}: ours {relative([run.values for run in runs], truth):.4f}", end="")
        for peer, values in theirs.items():
            if f"many {budget} 0" in values:
                named = [values[f"many {budget} {seed}"] for seed in range(SEEDS)]
                print(f", {peer} {relative(named, truth):.4f}", end="")
        print(f" ({runs[0].evaluations:,} evaluations spent)")


def owners(stored):
    return [(name, stored[name].max() + 1) for name in ("few", "many")]


def relative(runs, truth):
    errors = np.linalg.norm(np.array(runs) - truth, axis=1) / np.linalg.norm(truth)
    return np.sqrt(np.mean(errors**2))


def out_of_bag(ours, flips, theirs):
    compare(f"Data-OOB, the same {BAGS} bags", ours[0], theirs, "given bags")
    rows = {"ours": ours} | {
        peer: [values[f"own bags {draw}"] for draw in range(DRAWS)]
        for peer, values in theirs.items()
        if f"own bags {DRAWS - 1}" in values
    }
    for name, values in rows.items():
        found = [auc(one, flip) for one, flip in zip(values, flips, strict=True)]
        same = spearmanr(values[0], ours[0]).statistic
        print(f"Data-OOB, own bags: {name} AUC {np.mean(found):.3f} ({np.round(found, 3)}), rank with ours {same:.3f}")


def influence(stored, theirs):
    specs = {
        "log loss": ModelSpec("logistic_regression", {"C": 1.0}, "neg_log_loss", 0),
        "squared error": ModelSpec("ridge_regression", {"alpha": 1.0}, "neg_mse", 0),
    }
    for name, spec in specs.items():
        data = [stored[key] for key in ("X", f"y {name}", "X_valid", f"y_valid {name}")]
        ours = influence_values(spec, *data, budget=121, rng=np.random.default_rng(0))
        exact = np.empty(120)
        exact[ours.checked_rows] = ours.exact
        rows = {"ours": ours.values} | {
            peer: values[f"influence {name}"] for peer, values in theirs.items() if f"influence {name}" in values
        }
        for peer, values in rows.items():
            off = np.sqrt(np.mean((values - exact) ** 2)) / exact.std()
            same = [spearmanr(values, other).statistic for other in (exact, ours.values)]
            print(
                f"influence, {name}: {peer} off by {off:.3g} spreads, rank {same[0]:.4f} with exact, {same[1]:.4f} ours"
            )


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "peers").absolute()
    small = Table(table_of(logistic_game()))
    game, stored = sellers_game()
    X, labels, flips = flipped_rows()
    smooth = smooth_rows()
    judged = [
        data_oob(
            ModelSpec("logistic_regression", {"C": 1.0}, "accuracy", 0),
            X, y, budget=BAGS, rng=np.random.default_rng(draw),
        )
        for draw, y in enumerate(labels)
    ]  # fmt: skip
    bags = np.array([_bags(len(X), BAGS, np.random.default_rng(result.seed)) for result in judged])
    stored |= smooth | {"budgets": np.array(BUDGETS), "seeds": SEEDS, "loo_n": 16, "loo_table": small.utilities}
    stored |= {"oob_X": X, "oob_y": labels, "oob_bags": bags}
    theirs = of_peers(folder, stored)
    drops = leave_one_out(small, [[row] for row in range(16)])
    compare("leave-one-out, 16 rows", drops.values, theirs, "leave-one-out")
    sellers(game, stored, theirs)
    out_of_bag([result.values for result in judged], flips, theirs)
    influence(smooth, theirs)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
