"""Our estimators of row values beside pyDVL's, OpenDataVal's and shapiq's, on the same games, budgets and seeds.

Run from the repository root: ``OMP_NUM_THREADS=1 python -m benchmarks.peers FOLDER``, where ``FOLDER`` holds a virtual
environment for each peer, outside the repository. Without one the peer is left out and how to make it is printed.
"""

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import threadpoolctl

from benchmarks.peer_methods import CountedGame
from valuation.core import estimate_points, exact_shapley, knn_shapley
from valuation.core.baselines.beta_shapley import size_weights
from valuation.core.baselines.points import _ESTIMATORS
from valuation.core.games.known_games import sou_game
from valuation.core.models import ModelSpec, make_utility

INSTALL = {
    "shapiq": ["pip install 'shapiq<1.5'"],
    "pydvl": ["pip install pyDVL==0.10.0 'numpy<2'"],
    "opendataval": [
        "pip install --no-deps opendataval==1.3.0",
        "pip install 'numpy<2' pandas==1.5.3 scikit-learn tqdm pandera==0.19.3 requests matplotlib",
        "and the torch of requirements.txt, from where that came: its own pin would pull gigabytes of CUDA libraries",
    ],
}
METHODS = [method for method in _ESTIMATORS if method not in {"random", "equal"}]
BUDGETS = {16: (500, 2000, 8000), 64: (2000, 10_000)}
SEEDS = {16: range(10), 64: range(3)}
# Seconds a peer gets for one game; pyDVL takes 2 ms of Python for one evaluation of 64 rows.
TIMEOUT = 600


def table_of(game):
    codes = np.arange(2**game.n_players)
    return game(((codes[:, None] >> np.arange(game.n_players)) & 1).astype(bool))


class Table:
    def __init__(self, utilities):
        self.n_players, self.utilities = len(utilities).bit_length() - 1, utilities

    def __call__(self, coalitions):
        return self.utilities[coalitions @ (1 << np.arange(self.n_players))]


def logistic_game():
    """Accuracy of a logistic regression on 16 rows of two overlapping classes, four labels wrong."""
    rng = np.random.default_rng(7)
    y = np.arange(16) % 2
    X = rng.normal(size=(16, 3)) + 1.5 * y[:, None] * np.array([1, 0.5, 0])
    y[:4] = 1 - y[:4]
    y_valid = np.arange(400) % 2
    X_valid = rng.normal(size=(400, 3)) + 1.5 * y_valid[:, None] * np.array([1, 0.5, 0])
    return make_utility(ModelSpec("logistic_regression", {}, "accuracy", 0), X, y, X_valid, y_valid)


def semivalue(table, weights):
    """A semivalue from all coalitions; ``weights`` of the number of others, ``sum_s C(n-1, s) w(s) = 1``."""
    n = len(table).bit_length() - 1
    codes = np.arange(2**n)
    sizes = ((codes[:, None] >> np.arange(n)) & 1).sum(axis=1)
    values = np.empty(n)
    for player in range(n):
        without = codes[(codes >> player) & 1 == 0]
        values[player] = weights[sizes[without]] @ (table[without | 1 << player] - table[without])
    return values


def games(folder):
    """Title, file for the peers, and the true values by method."""
    small = {"SOU, 16 rows": sou_game(16, np.random.default_rng(0)), "logistic regression, 16 rows": logistic_game()}
    for at, (title, game) in enumerate(small.items()):
        table = table_of(game)
        path = folder / f"game-{at}.npz"
        np.savez(path, n=16, table=table)
        choose = np.array([math.comb(15, s) for s in range(16)])
        truth = {
            "banzhaf": semivalue(table, np.full(16, 0.5**15)),
            "beta_shapley": semivalue(table, size_weights(16, 4, 1) / choose),
        }
        yield title, path, dict.fromkeys(METHODS, exact_shapley(Table(table))) | truth
    game = sou_game(64, np.random.default_rng(0))
    path = folder / "game-64.npz"
    sets, coefficients = sou_parts(64, np.random.default_rng(0))
    np.savez(path, n=64, sets=sets, coefficients=coefficients)
    # Of a set of a rows a member is worth the chance that the other a - 1 are there: E[q^(a-1)].
    others = sets.sum(axis=1) - 1
    beta = np.exp([math.lgamma(5) + math.lgamma(1 + a) - math.lgamma(5 + a) for a in others])
    truth = {"banzhaf": sets.T @ (coefficients * 0.5**others), "beta_shapley": sets.T @ (coefficients * beta)}
    yield "SOU, 64 rows", path, dict.fromkeys(METHODS, game.shapley_values) | truth


def sou_parts(n_players, rng):
    """Sets and coefficients as ``sou_game`` draws them."""
    sizes = rng.integers(1, n_players, size=n_players**2)
    sets = np.argsort(rng.random((n_players**2, n_players)), axis=1) < sizes[:, None]
    return sets, sets @ (np.arange(n_players) % 4) / sizes / n_players**2


class Counted(CountedGame):
    """The very game that the peers get, as our estimators call it."""

    @property
    def n_players(self):
        return self.n


def our_runs(path, budgets, seeds):
    game, runs = Counted(path), []
    for method, budget, seed in itertools.product(METHODS, budgets, seeds):
        game.reset()
        started = time.process_time()
        result = estimate_points(game, method=method, budget=budget, rng=np.random.default_rng(seed))
        seconds = time.process_time() - started - game.seconds
        runs.append(
            {
                "method": method, "title": "ours", "budget": budget, "evaluations": game.evaluations,
                "seconds": seconds, "values": result.values.tolist(),
            }
        )  # fmt: skip
    return runs


def listed(numbers):
    return ",".join(map(str, numbers))


def peers_in(folder):
    """The peers that have an environment; how to make the others is printed."""
    found = []
    for peer, lines in INSTALL.items():
        if (folder / peer / "bin" / "python").exists():
            found.append(peer)
            continue
        print(f"{peer} left out: there is no {folder / peer}/bin/python. In a virtual environment there:")
        for line in lines:
            print(f"    {line}")
    return found


def peer_runs(peer, folder, path, budgets, seeds):
    result = path.with_name(f"{path.stem}-{peer}.json")
    command = [
        folder / peer / "bin" / "python",
        Path(__file__).with_name("peer_methods.py"),
        peer,
        path,
        result,
        budgets,
        seeds,
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    try:
        subprocess.run(  # noqa: S603 - the interpreters named by whoever runs this
            command, check=True, timeout=TIMEOUT, env=environment, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as failed:
        print(f"  {peer} stopped: {failed.stderr.strip().splitlines()[-1]}")
    except subprocess.TimeoutExpired:
        print(f"  {peer} cut off after {TIMEOUT} s: what it had by then is shown")
    return json.loads(result.read_text()) if result.exists() else []


def neighbors(peers, folder, scratch):
    """KNN-Shapley has no sampling: peers and we must agree to rounding."""
    rng = np.random.default_rng(0)
    rows = {"X": rng.normal(size=(60, 3)), "y": rng.integers(2, size=60)}
    rows |= {"X_valid": rng.normal(size=(40, 3)), "y_valid": rng.integers(2, size=40)}
    path = scratch / "rows.npz"
    np.savez(path, **rows)
    ours = knn_shapley(**rows, n_neighbors=5)
    print("\n## KNN-Shapley, 60 rows, 5 neighbours: largest difference from ours\n")
    for peer in peers:
        if theirs := peer_runs(peer, folder, path, "neighbors", ""):
            print(f"{peer}: {np.abs(np.array(theirs) - ours).max():.1g}")


def show(title, runs, truth, budgets):
    print(f"\n## {title}: relative error |v - truth| / |truth| (evaluations spent, where they are not the budget)\n")
    print("| method | by | " + " | ".join(f"{budget:,}" for budget in budgets) + " | own CPU us an evaluation |")
    print("| --- | --- |" + " --: |" * (len(budgets) + 1))
    for method in METHODS:
        exact = truth[method]
        for by in dict.fromkeys(run["title"] for run in runs if run["method"] == method):
            mine = [run for run in runs if run["method"] == method and run["title"] == by]
            cells = [cell([run for run in mine if run["budget"] == budget], exact, budget) for budget in budgets]
            spent = sum(run["evaluations"] for run in mine)
            overhead = sum(run["seconds"] for run in mine) / max(spent, 1)
            print(f"| {method} | {by} | " + " | ".join(cells) + f" | {1e6 * overhead:.0f} |")


def cell(runs, exact, budget):
    if not runs:
        return "-"
    errors = [np.linalg.norm(np.array(run["values"]) - exact) / np.linalg.norm(exact) for run in runs]
    spent = np.mean([run["evaluations"] for run in runs])
    note = "" if 0.9 * budget <= spent <= budget else f" ({spent:,.0f})"
    return f"{np.sqrt(np.mean(np.square(errors))):.4f}{note}"


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "peers").absolute()
    peers = peers_in(folder)
    with tempfile.TemporaryDirectory() as scratch:
        for title, path, truth in games(Path(scratch)):
            n = len(truth["permutation"])
            runs = our_runs(path, BUDGETS[n], SEEDS[n])
            for peer in peers:
                runs += peer_runs(peer, folder, path, listed(BUDGETS[n]), listed(SEEDS[n]))
            show(title, runs, truth, BUDGETS[n])
        neighbors([peer for peer in peers if peer != "shapiq"], folder, Path(scratch))


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1):
        main()
