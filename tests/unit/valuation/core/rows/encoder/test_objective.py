"""The terms of equation 10 beside their definitions: brute force over pairs, finite differences, torch's own."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.rows.dispersion import dispersion_of_parts, unit_rows
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.encoder.inputs import Scaling
from valuation.core.rows.encoder.networks import embed, first_weights
from valuation.core.rows.encoder.objective import dispersion, smoothness, surrogate
from valuation.core.rows.encoder.training import batch_objective

NETWORKS = {
    "mlp": ((3,), EncoderConfig(architecture="mlp", hidden=(4,), dimensions=2)),
    "linear": ((3,), EncoderConfig(architecture="linear", dimensions=2)),
    "convnet": ((5, 4, 2), EncoderConfig(architecture="convnet", hidden=(3,), dimensions=2)),
}


def network(name, seed=0, n_outputs=3):
    shape, config = NETWORKS[name]
    rng = np.random.default_rng(seed)
    weights = first_weights(shape, config, n_outputs, rng)
    x = torch.from_numpy(rng.normal(size=(4, *shape)))
    return {key: torch.from_numpy(weight.astype(np.float64)) for key, weight in weights.items()}, x, config


def distance(weights, x_p, x_q):
    f_p, f_q = embed(weights, x_p[None])[0], embed(weights, x_q[None])[0]
    return float(1.0 - f_p @ f_q)


def omega_by_differences(weights, x, partners, step=1e-5):
    """Mean over pairs of the squared length of the gradient of d in the first row, by central differences."""
    total = 0.0
    for row, partner in zip(x, partners, strict=True):
        for place in np.ndindex(tuple(row.shape)):
            above, below = row.clone(), row.clone()
            above[place] += step
            below[place] -= step
            total += ((distance(weights, above, partner) - distance(weights, below, partner)) / (2 * step)) ** 2
    return total / len(x)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_omega_is_the_squared_gradient_by_finite_differences(name):
    weights, x, _ = network(name)
    partners = x.roll(-1, dims=0)

    omega = smoothness(partial(embed, weights), x, embed(weights, partners))

    assert float(omega.detach()) == pytest.approx(omega_by_differences(weights, x, partners), rel=1e-5)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_back_propagation_through_omegas_gradient_agrees_with_finite_differences(name):
    weights, x, _ = network(name)
    weights = {key: weight.requires_grad_() for key, weight in weights.items()}
    partners = x.roll(-1, dims=0)
    smoothness(partial(embed, weights), x, embed(weights, partners)).backward()

    with torch.no_grad():
        for key in ("output", "output.bias"):
            place, step = (0,) * weights[key].ndim, 1e-4
            omegas = []
            for sign in (1, -1):
                moved = {**weights, key: weights[key].clone()}
                moved[key][place] += sign * step
                omegas.append(omega_by_differences(moved, x, partners))
            slope = (omegas[0] - omegas[1]) / (2 * step)
            assert float(weights[key].grad[place]) == pytest.approx(slope, rel=1e-4, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.sampled_from(["classification", "regression"]), st.integers(0, 99))
def test_dispersion_is_the_mean_over_pairs_and_stage_threes(n_rows, task, seed):
    rng = np.random.default_rng(seed)
    z = unit_rows(rng.normal(size=(n_rows, 3)))
    y = rng.integers(3, size=n_rows) if task == "classification" else rng.normal(size=n_rows).round(1)
    weights = {
        (i, j): float(y[i] != y[j]) if task == "classification" else abs(y[i] - y[j])
        for i, j in combinations(range(n_rows), 2)
    }
    total = sum(weights.values())
    mean = sum(w * (1 - z[i] @ z[j]) for (i, j), w in weights.items()) / total if total else 0.0

    found = float(dispersion(torch.from_numpy(z), torch.from_numpy(y), task))

    assert found == pytest.approx(mean, abs=1e-12)
    stage_three = dispersion_of_parts(z, y, np.arange(n_rows), n_rows, task)
    assert found == pytest.approx(float(stage_three(np.ones((1, n_rows), dtype=bool))[0]), abs=1e-9)


def test_surrogates_are_minus_cross_entropy_and_minus_squared_error():
    scores = torch.tensor([[0.0, np.log(3.0)], [0.0, 0.0]])

    found = surrogate(scores, torch.tensor([1, 0]), "classification")
    assert float(found) == pytest.approx((np.log(0.75) + np.log(0.5)) / 2)
    assert float(surrogate(torch.tensor([[1.0], [4.0]]), torch.tensor([3.0, 4.0]), "regression")) == -2.0


def test_the_objective_is_the_sum_of_its_terms():
    weights, x, config = network("mlp")
    y = torch.tensor([0, 1, 2, 1])
    z = embed(weights, x)
    scores = z @ weights["head"].T + weights["head.bias"]

    found = float(batch_objective(weights, x, y, "classification", config).detach())

    expected = surrogate(scores, y, "classification") + config.dispersion_weight * dispersion(z, y, "classification")
    expected -= config.smoothness_weight * omega_by_differences(weights, x, x.roll(-1, dims=0))
    assert found == pytest.approx(float(expected), rel=1e-6)


def test_scaling_cuts_tails_and_leaves_rare_categories():
    rng = np.random.default_rng(0)
    numbers = np.r_[rng.normal(50, 2, size=998), 1e12, -1e12]
    rare = np.r_[np.ones(3), np.zeros(997)]
    scaling = Scaling.fit(np.column_stack([numbers, rare, np.full(1000, 7.0)]))

    assert scaling.centre == pytest.approx([50.0, 0.0, 7.0], abs=0.2)
    assert scaling.scale == pytest.approx([2.0, 1.0, 1.0], abs=0.1)
    assert scaling(np.array([[1e300, 1.0, 7.0]])).tolist() == [[10.0, 1.0, 0.0]]
