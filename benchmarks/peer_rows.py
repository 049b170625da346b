"""What peers make of rows, sellers and trained models: run by ``benchmarks.peers_of_rows`` in the peer's environment.

``python benchmarks/peer_rows.py PEER IN.npz RESULT.json``; no Faircut here. The result holds values by name.
"""

import json
import sys
from pathlib import Path

import numpy as np
from peer_methods import CountedGame, opendataval_methods
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression


def model():
    return LogisticRegression(C=1.0, tol=1e-10, max_iter=5000)


def game_in(stored, prefix):
    game = CountedGame.__new__(CountedGame)
    game.n, game.table = int(stored[prefix + "n"]), stored.get(prefix + "table")
    if game.table is None:
        game.members, game.coefficients = stored[prefix + "sets"].astype(np.float32), stored[prefix + "coefficients"]
        game.sizes = stored[prefix + "sets"].sum(axis=1)
    game.reset()
    return game


class Bags(ClassifierMixin, BaseEstimator):
    """Models of given bags, as pyDVL wants them: a bagging model that is fitted."""

    def fit(self, X, y, bags):
        self.estimators_samples_ = [np.flatnonzero(bag) for bag in bags]
        self.estimators_ = [model().fit(X[rows], y[rows]) for rows in self.estimators_samples_]
        return self


def pydvl(stored):
    import logging  # noqa: PLC0415 - only here in this environment

    from pydvl.valuation.dataset import Dataset, GroupedDataset  # noqa: PLC0415
    from pydvl.valuation.methods.data_oob import DataOOBValuation  # noqa: PLC0415
    from pydvl.valuation.methods.loo import LOOValuation  # noqa: PLC0415
    from pydvl.valuation.methods.shapley import ShapleyValuation  # noqa: PLC0415
    from pydvl.valuation.samplers import DeterministicUniformSampler, PermutationSampler  # noqa: PLC0415
    from pydvl.valuation.stopping import MaxChecks, NoStopping  # noqa: PLC0415
    from pydvl.valuation.utility.base import UtilityBase  # noqa: PLC0415

    logging.disable(logging.WARNING)

    class Utility(UtilityBase):
        def __init__(self, game):
            self.game, self._training_data = game, None

        def __call__(self, sample):
            empty = sample is None or not len(sample.subset)
            return self.game.of_members([] if empty else self._training_data.data_indices(sample.subset))

        def with_dataset(self, data, *, copy=True):
            del copy
            self._training_data = data
            return self

    def valued(valuation, data):
        valuation.fit(data)
        values = np.zeros(len(data))
        values[valuation.result.indices] = valuation.result.values
        return values

    def plain(n):
        return Dataset(np.arange(n, dtype=float).reshape(-1, 1), np.zeros(n))

    game = game_in(stored, "loo_")
    yield "leave-one-out", valued(LOOValuation(Utility(game)), plain(game.n))

    game = game_in(stored, "groups_")
    rows = np.arange(game.n, dtype=float).reshape(-1, 1), np.zeros(game.n)
    few, many = (GroupedDataset(*rows, data_groups=stored[name].tolist()) for name in ("few", "many"))
    yield "few", valued(ShapleyValuation(Utility(game), DeterministicUniformSampler(), NoStopping()), few)
    for budget in stored["budgets"].tolist():
        for seed in range(int(stored["seeds"])):
            checks = MaxChecks(budget // (len(many) + 1))
            yield (
                f"many {budget} {seed}",
                valued(ShapleyValuation(Utility(game), PermutationSampler(seed=seed), checks), many),
            )

    for draw in range(len(stored["oob_y"])):
        X, y, bags = stored["oob_X"], stored["oob_y"][draw], stored["oob_bags"][draw]
        bagged = BaggingClassifier(model(), n_estimators=len(bags), random_state=draw).fit(X, y)
        yield f"own bags {draw}", valued(DataOOBValuation(bagged), Dataset(X, y))
        if draw == 0:
            given = Bags().fit(X, y, bags)
            yield "given bags", valued(DataOOBValuation(given), Dataset(X, y))

    yield from pydvl_influence(stored)


def pydvl_influence(stored):
    import torch  # noqa: PLC0415
    from pydvl.influence import InfluenceMode  # noqa: PLC0415
    from pydvl.influence.torch import DirectInfluence  # noqa: PLC0415
    from torch.utils.data import DataLoader, TensorDataset  # noqa: PLC0415

    losses = {
        "log loss": torch.nn.functional.binary_cross_entropy_with_logits,
        "squared error": torch.nn.functional.mse_loss,
    }
    for name, loss in losses.items():
        X, X_valid = (torch.tensor(stored[key]) for key in ("X", "X_valid"))
        y, y_valid = (torch.tensor(stored[f"{key} {name}"].astype(float))[:, None] for key in ("y", "y_valid"))
        linear = torch.nn.Linear(X.shape[1], 1).double()
        weights = stored[f"weights {name}"]
        linear.load_state_dict({"weight": torch.tensor(weights[None, :-1]), "bias": torch.tensor(weights[-1:])})
        influence = DirectInfluence(linear, loss, regularization=float(stored[f"regularization {name}"]))
        influence.fit(DataLoader(TensorDataset(X, y), batch_size=len(X)))
        # (validation rows, rows): what more weight of a row does to each loss, for a Hessian that is a mean over rows.
        found = influence.influences(X_valid, y_valid, X, y, mode=InfluenceMode.Up).numpy()
        yield f"influence {name}", found.mean(axis=0) / len(X)


def opendataval(stored):
    opendataval_methods()  # for its stubs
    yield "leave-one-out", opendataval_leave_one_out(game_in(stored, "loo_"))
    for draw in range(len(stored["oob_y"])):
        yield f"own bags {draw}", opendataval_out_of_bag(stored, draw)
    yield "given bags", opendataval_out_of_bag(stored, 0, GivenBags(stored["oob_bags"][0]))
    yield "influence log loss", opendataval_influence(stored)


def opendataval_leave_one_out(game):
    import torch  # noqa: PLC0415
    from opendataval.dataval import LeaveOneOut  # noqa: PLC0415

    class Answers:
        def clone(self):
            return self

        def fit(self, rows, _):
            everyone = isinstance(rows, torch.Tensor)
            self.utility = game.of_members(np.arange(game.n) if everyone else rows.indices)

        def predict(self, _):
            return self.utility

    value = LeaveOneOut(random_state=0)
    rows = torch.zeros(game.n, 1)
    value.input_data(rows, rows, rows, rows)
    value.pred_model, value.evaluate = Answers(), lambda _, predicted: predicted
    return value.train_data_values().evaluate_data_values()


class GivenBags:
    """Random numbers that are the given bags, filled up with rows that are in them."""

    def __init__(self, bags):
        self.bags = bags

    def randint(self, *_, size):
        return np.array([np.resize(np.flatnonzero(bag), size[1]) for bag in self.bags])


def opendataval_out_of_bag(stored, draw, given=None):
    import torch  # noqa: PLC0415
    from opendataval.dataval import DataOob  # noqa: PLC0415

    class Model:
        def clone(self):
            return self

        def fit(self, rows, targets):
            chosen = np.unique(rows.indices) if given else rows.indices
            self.fitted = model().fit(rows.dataset[chosen].numpy(), targets.dataset[chosen, 0].numpy())

        def predict(self, rows):
            return torch.tensor(self.fitted.predict(rows.dataset[rows.indices].numpy()))[:, None]

    X, y = stored["oob_X"], stored["oob_y"][draw].astype(float)
    value = DataOob(num_models=len(stored["oob_bags"][draw]), random_state=draw)
    value.random_state = given or value.random_state
    value.input_data(torch.tensor(X), torch.tensor(y)[:, None], None, None)
    value.pred_model = Model()
    value.evaluate = lambda labels, predicted: (labels == predicted).double().mean()
    return value.train_data_values().evaluate_data_values()


def opendataval_influence(stored):
    import torch  # noqa: PLC0415
    from opendataval.dataval import InfluenceFunction  # noqa: PLC0415

    class Gradients:
        def fit(self, *_):
            pass

        def grad(self, rows, targets):
            weights = stored["weights log loss"]
            for row, target in zip(rows.numpy(), targets.numpy(), strict=True):
                share = 1 / (1 + np.exp(-row @ weights[:-1] - weights[-1]))
                yield (torch.tensor((share - target) * np.append(row, 1.0)),)

    value = InfluenceFunction()
    value.pred_model = Gradients()
    value.input_data(*(torch.tensor(stored[key]) for key in ("X", "y log loss", "X_valid", "y_valid log loss")))
    return value.train_data_values().evaluate_data_values() / len(stored["X"]) / len(stored["X_valid"])


def main():
    peer, stored_path, result_path = sys.argv[1:]
    with np.load(stored_path, allow_pickle=False) as file:
        stored = dict(file)
    found = {}
    for name, values in {"pydvl": pydvl, "opendataval": opendataval}[peer](stored):
        found[name] = list(map(float, values))
        Path(result_path).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
