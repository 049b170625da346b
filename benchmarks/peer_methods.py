"""What each peer makes of a game: run by ``benchmarks.peers`` in the peer's own environment, so no Faircut here.

``python benchmarks/peer_methods.py PEER GAME.npz RESULT.json BUDGETS SEEDS``, lists separated by commas. With
``neighbors`` in place of the budgets the file holds rows, and what comes back are their KNN-Shapley values.
"""

import importlib.machinery
import json
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np


class CountedGame:
    """A game read from a file: a table of all coalitions, or a sum of unanimity games; counts calls and their time."""

    def __init__(self, path):
        stored = np.load(path, allow_pickle=False)
        self.n = int(stored["n"])
        self.table = stored.get("table")
        if self.table is None:
            self.members, self.coefficients = stored["sets"].astype(np.float32), stored["coefficients"]
            self.sizes = stored["sets"].sum(axis=1)
        self.reset()

    def reset(self):
        self.evaluations, self.seconds = 0, 0.0

    def __call__(self, coalitions):
        started = time.process_time()
        coalitions = np.atleast_2d(np.asarray(coalitions, dtype=bool))
        self.evaluations += len(coalitions)
        if self.table is not None:
            utilities = self.table[coalitions @ (1 << np.arange(self.n))]
        else:
            inside = coalitions.astype(np.float32) @ self.members.T == self.sizes
            utilities = inside @ self.coefficients
        self.seconds += time.process_time() - started
        return utilities

    def of_members(self, members):
        coalition = np.zeros((1, self.n), dtype=bool)
        coalition[0, np.asarray(members, dtype=int)] = True
        return float(self(coalition)[0])


def shapiq_methods():
    from shapiq import approximator as shapiq  # noqa: PLC0415 - only here in this environment

    names = {
        "permutation": "PermutationSamplingSV",
        "kernel_shap": "KernelSHAP",
        "unbiased_kernel_shap": "UnbiasedKernelSHAP",
        "stratified_svarm": "SVARM",
        "one_for_all": "StratifiedSamplingSV",
    }

    def make(name):
        def values(game, budget, seed):
            approximator = getattr(shapiq, name)(n=game.n, random_state=seed)
            found = approximator.approximate(budget=budget, game=game)
            return np.array([found[(player,)] for player in range(game.n)])

        return values

    return {method: (f"shapiq {name}", make(name)) for method, name in names.items()}


def pydvl_methods():
    import logging  # noqa: PLC0415

    from pydvl.valuation.dataset import Dataset  # noqa: PLC0415
    from pydvl.valuation.methods.banzhaf import MSRBanzhafValuation  # noqa: PLC0415
    from pydvl.valuation.methods.beta_shapley import BetaShapleyValuation  # noqa: PLC0415
    from pydvl.valuation.methods.gt_shapley import GroupTestingShapleyValuation  # noqa: PLC0415
    from pydvl.valuation.methods.shapley import ShapleyValuation, TMCShapleyValuation  # noqa: PLC0415
    from pydvl.valuation.samplers import PermutationSampler  # noqa: PLC0415
    from pydvl.valuation.stopping import MaxChecks  # noqa: PLC0415
    from pydvl.valuation.utility.base import UtilityBase  # noqa: PLC0415

    logging.disable(logging.WARNING)

    class Utility(UtilityBase):
        def __init__(self, game):
            self.game = game
            self._training_data = None

        def __call__(self, sample):
            return self.game.of_members([] if sample is None else sample.subset)

        def with_dataset(self, data, *, copy=True):
            del copy
            self._training_data = data
            return self

    def fitted(valuation, game):
        rows = np.arange(game.n, dtype=float)
        valuation.fit(Dataset(rows.reshape(-1, 1), np.zeros(game.n)))
        result = valuation.result
        values = np.zeros(game.n)
        values[result.indices] = result.values
        return values

    def permutation(game, budget, seed):
        return fitted(
            ShapleyValuation(Utility(game), PermutationSampler(seed=seed), MaxChecks(budget // (game.n + 1))), game
        )

    def truncated(game, budget, seed):
        # Its default stopping rule ends too early (docs/mathematics.md section 11): a count of permutations instead.
        checks = MaxChecks(budget // (game.n + 1))
        return fitted(TMCShapleyValuation(Utility(game), is_done=checks, seed=seed), game)

    def beta(game, budget, seed):
        checks = MaxChecks(budget // (game.n + 1))
        sampler = PermutationSampler(seed=seed)
        return fitted(BetaShapleyValuation(Utility(game), sampler, checks, alpha=4, beta=1), game)

    def banzhaf(game, budget, seed):
        return fitted(MSRBanzhafValuation(Utility(game), MaxChecks(budget), seed=seed), game)

    def group_testing(game, budget, seed):
        valuation = GroupTestingShapleyValuation(Utility(game), budget, epsilon=1e-3, progress=False, seed=seed)
        return fitted(valuation, game)

    return {
        "permutation": ("pyDVL ShapleyValuation", permutation),
        "truncated": ("pyDVL TMCShapleyValuation", truncated),
        "beta_shapley": ("pyDVL BetaShapleyValuation", beta),
        "banzhaf": ("pyDVL MSRBanzhafValuation", banzhaf),
        "group_testing": ("pyDVL GroupTestingShapleyValuation", group_testing),
    }


def opendataval_methods():
    # It imports these at package import, for data sets, a model and a method that are not used here.
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional", "torchvision.datasets",
                 "transformers", "geomloss"):  # fmt: skip
        stub = mock.MagicMock()
        stub.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules.setdefault(name, stub)
    import torch  # noqa: PLC0415
    import tqdm  # noqa: PLC0415
    from opendataval.dataval import BetaShapley, DataBanzhaf, DataShapley  # noqa: PLC0415
    from opendataval.dataval.margcontrib.sampler import TMCSampler  # noqa: PLC0415

    tqdm.trange, tqdm.tqdm = range, (lambda items: items)

    def along(evaluator, game, budget, seed, smallest):
        sampler = TMCSampler(
            mc_epochs=budget // (game.n - smallest + 1), min_cardinality=smallest, cache_name=None, random_state=seed
        )
        value = evaluator(sampler=sampler)
        rows = torch.zeros(game.n, 1)
        value.input_data(rows, rows, rows, rows)
        sampler.set_evaluator(game.of_members)
        return value.train_data_values().evaluate_data_values()

    def banzhaf(game, budget, seed):
        class Model:
            def clone(self):
                return self

            def fit(self, rows, _):
                self.utility = game.of_members(rows.indices)

            def predict(self, _):
                return self.utility

        value = DataBanzhaf(num_models=budget, random_state=seed)
        rows = torch.zeros(game.n, 1)
        value.input_data(rows, rows, rows, rows)
        value.pred_model = Model()
        value.evaluate = lambda _, predicted: predicted
        return value.train_data_values().evaluate_data_values()

    return {
        "permutation": ("OpenDataVal DataShapley, from 0 rows", lambda *run: along(DataShapley, *run, 0)),
        "truncated": ("OpenDataVal DataShapley", lambda *run: along(DataShapley, *run, 5)),
        "beta_shapley": ("OpenDataVal BetaShapley, from 0 rows", lambda *run: along(BetaShapley, *run, 0)),
        "banzhaf": ("OpenDataVal DataBanzhaf", banzhaf),
    }


def pydvl_neighbors(X, y, X_valid, y_valid):
    from pydvl.valuation.dataset import Dataset  # noqa: PLC0415
    from pydvl.valuation.methods.knn_shapley import KNNShapleyValuation  # noqa: PLC0415
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    valuation = KNNShapleyValuation(KNeighborsClassifier(5), Dataset(X_valid, y_valid), progress=False)
    valuation.fit(Dataset(X, y))
    values = np.zeros(len(X))
    values[valuation.result.indices] = valuation.result.values
    return values


def opendataval_neighbors(X, y, X_valid, y_valid):
    opendataval_methods()  # for its stubs
    import torch  # noqa: PLC0415
    from opendataval.dataval import KNNShapley  # noqa: PLC0415

    def numbers(rows):
        return torch.tensor(rows, dtype=torch.float32)

    def one_hot(codes):
        return torch.nn.functional.one_hot(torch.tensor(codes), 2).float()

    value = KNNShapley(k_neighbors=5)
    value.input_data(numbers(X), one_hot(y), numbers(X_valid), one_hot(y_valid))
    value.embedding_model = None
    return value.train_data_values().evaluate_data_values()


NEIGHBORS = {"pydvl": pydvl_neighbors, "opendataval": opendataval_neighbors}
PEERS = {"shapiq": shapiq_methods, "pydvl": pydvl_methods, "opendataval": opendataval_methods}


def main():
    peer, game_path, result_path, budgets, seeds = sys.argv[1:]
    if budgets == "neighbors":
        rows = np.load(game_path, allow_pickle=False)
        values = NEIGHBORS[peer](rows["X"], rows["y"], rows["X_valid"], rows["y_valid"])
        Path(result_path).write_text(json.dumps(list(map(float, values))))
        return
    game, runs = CountedGame(game_path), []
    for method, (title, estimate) in PEERS[peer]().items():
        for budget in map(int, budgets.split(",")):
            for seed in map(int, seeds.split(",")):
                game.reset()
                started = time.process_time()
                values = estimate(game, budget, seed)
                seconds = time.process_time() - started - game.seconds
                runs.append(
                    {
                        "method": method, "title": title, "budget": budget,
                        "evaluations": game.evaluations, "seconds": seconds, "values": list(map(float, values)),
                    }
                )  # fmt: skip
                Path(result_path).write_text(json.dumps(runs))


if __name__ == "__main__":
    main()
