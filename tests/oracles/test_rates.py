"""The error of every sampled value of groups falls as one over the root of the budget."""

import numpy as np
import pytest

from tests.oracles.games_at_random import PolynomialGame, contiguous_groups, group_sums, learning_table
from tests.oracles.test_du_shapley import expectation
from valuation.core import du_shapley, estimate_fgsv, estimate_gsv, exact_shapley

FOURS = contiguous_groups((8, 16, 32, 64))
EIGHTS = contiguous_groups((1, 2, 3, 2))
POOL = PolynomialGame(120, np.random.default_rng([11, 0]))
CURVE = learning_table(14, np.random.default_rng([11, 1]))
SMALL = learning_table(8, np.random.default_rng([11, 2]))
ONES = contiguous_groups((1,) * 14)


def auto(budget, rng):
    return estimate_fgsv(POOL, FOURS, budget=budget, rng=rng)


def algorithm_1(budget, rng):
    return estimate_fgsv(CURVE, contiguous_groups((2, 3, 4, 5)), budget=budget, rng=rng, method="algorithm_1")


def gsv(budget, rng):
    return estimate_gsv(CURVE, ONES, budget=budget, rng=rng)


def du(budget, rng):
    return du_shapley(SMALL, EIGHTS, budget=budget, rng=rng)


@pytest.mark.parametrize(
    ("estimate", "truth", "budget", "runs"),
    [
        (auto, group_sums(POOL.shapley_values, FOURS), 500, 100),
        (algorithm_1, group_sums(exact_shapley(CURVE), contiguous_groups((2, 3, 4, 5))), 800, 40),
        (gsv, exact_shapley(CURVE), 2 + 4 * 14 * 13, 100),  # four circles and 64, below 2^14
        (du, expectation(SMALL, EIGHTS), 10 + 4 * 16, 150),  # four repetitions and 64
    ],
    ids=["fgsv auto", "fgsv algorithm 1", "gsv", "du-shapley"],
)
def test_error_falls_as_one_over_the_root_of_the_budget(estimate, truth, budget, runs):
    """Sixteen times the budget, a quarter of the error.

    The tolerance is what chance moves: a mean of ``runs`` squared errors, each itself a mean of about three
    independent normal squares (four groups that sum to the pot), is known to sqrt(2/3/runs); half of that for its root;
    times sqrt(2) for the ratio of two: ``1 / sqrt(3 runs)``, 9 % for 40 runs and 5 % for 150. Three of these.
    """
    errors, spent = [], []
    for times in (1, 16):
        found = [estimate(times * budget, np.random.default_rng([times, seed])) for seed in range(runs)]
        errors.append(np.sqrt(np.mean([(result.values - truth) ** 2 for result in found])))
        spent.append(np.mean([result.evaluations for result in found]))
        assert found[0].standard_errors.min() > 0  # nothing is enumerated

    expected = np.sqrt(spent[1] / spent[0])
    assert expected == pytest.approx(4, rel=0.05)
    assert errors[0] / errors[1] == pytest.approx(expected, rel=3 / np.sqrt(3 * runs))
