"""The validation error is that of the validation rows alone: no budget of sampled coalitions moves it."""

import numpy as np
import pytest

from tests.oracles.games_at_random import contiguous_groups
from valuation.core import FgsvPlan, du_shapley, estimate_fgsv, estimate_gsv
from valuation.core.sampling.circles import evaluations_of_circle
from valuation.core.statistics.validation_sample import validation_covariance

N, ROWS = 240, 300
MANY = contiguous_groups((3,) * 80)
FEW = contiguous_groups((20, 40, 60, 120))
# One row in ten belongs to the second class.
CLASSES = np.arange(ROWS) % 10 // 9


class LoudRows:
    """Every validation row is an additive game and a loud parity, which is worth nothing to anybody.

    ``U_r(S) = sum_{i in S} worth[i, r] + loud (-1)^|S and odd_r|``: all members of the even set ``odd_r`` are alike and
    the parity of all is that of none, so their Shapley values are 0. Contributions are sums of worths, exactly.
    """

    n_players = N

    def __init__(self, loud, strata=None):
        rng = np.random.default_rng(0)
        self.worth = rng.normal(1.0, 2.0, (N, 1)) / N + rng.normal(0.0, 3.0, (N, ROWS)) / N
        self.odd = (np.argsort(rng.random((N, ROWS)), axis=0) < N // 2).astype(np.float64)
        self.loud, self.row_strata = loud, strata

    def rowwise(self, coalitions):
        members = coalitions.astype(np.float64)
        return members @ self.worth + self.loud * (1.0 - 2.0 * (members @ self.odd % 2))

    def __call__(self, coalitions):
        return self.rowwise(coalitions).mean(axis=1)

    def contributions(self, groups):
        return np.array([self.worth[group].sum(axis=0) for group in groups])


def variances(covariance):
    return np.diag(covariance)


@pytest.mark.parametrize("classes", [None, CLASSES], ids=["one sample", "by class"])
@pytest.mark.parametrize(("budget", "noise", "within"), [(2_000, 8.0, 0.25), (8_000, 2.5, 0.1), (24_000, 1.4, 0.05)])
def test_the_validation_error_does_not_fall_with_the_budget(classes, budget, noise, within):
    """Of 80 groups, contributions hold many times the spread of the rows as noise; what two halves share does not."""
    game = LoudRows(0.5, strata=classes)
    truth = variances(validation_covariance(game.contributions(MANY), classes))

    found = estimate_fgsv(game, MANY, budget=budget, rng=np.random.default_rng(1))

    assert variances(validation_covariance(found.contributions, classes)).mean() / truth.mean() > noise
    assert variances(found.validation_covariance).mean() / truth.mean() == pytest.approx(1.0, abs=within)
    assert np.linalg.eigvalsh(found.validation_covariance).min() > -1e-15


def test_pairs_map_each_half_by_its_own_normal_matrix():
    game = LoudRows(0.5)
    assert "coupled" in {stratum.kind for stratum in FgsvPlan((20, 40, 60, 120), 3_000).strata}
    truth = variances(validation_covariance(game.contributions(FEW)))

    found = [estimate_fgsv(game, FEW, budget=3_000, rng=np.random.default_rng(seed)) for seed in range(6)]

    with_noise = np.mean([variances(validation_covariance(one.contributions)) for one in found], axis=0)
    assert (with_noise / truth).mean() > 5
    mean = np.mean([variances(one.validation_covariance) for one in found], axis=0)
    assert (mean / truth).mean() == pytest.approx(1.0, abs=0.3)


def test_uniform_draws_know_both_errors_apart():
    game, groups = LoudRows(2.0), contiguous_groups((20,) * 12)
    truth = variances(validation_covariance(game.contributions(groups)))

    found = du_shapley(game, groups, budget=2_000, rng=np.random.default_rng(0))

    assert (variances(validation_covariance(found.contributions)) / truth).mean() > 20
    assert (variances(found.validation_covariance) / truth).mean() == pytest.approx(1.0, abs=0.2)


class WavyRows(LoudRows):
    """The wave takes the place of the parity, which is the same for a coalition and for all others."""

    def rowwise(self, coalitions):
        members = coalitions.astype(np.float64)
        return members @ self.worth + self.loud * np.sin(members @ (2.0 * self.worth[:, ::-1] + 0.1 * self.odd))


def test_circles_of_sellers_know_both_errors_apart():
    game, groups = WavyRows(2.0), contiguous_groups((20,) * 12)
    exact = estimate_gsv(game, groups, budget=2**12, rng=np.random.default_rng(0))
    truth = variances(exact.validation_covariance)

    found = [
        estimate_gsv(game, groups, budget=2 + 5 * evaluations_of_circle(12), rng=np.random.default_rng(seed))
        for seed in range(8)
    ]

    with_noise = np.mean([variances(validation_covariance(one.contributions)) for one in found], axis=0)
    mean = np.mean([variances(one.validation_covariance) for one in found], axis=0)
    assert (with_noise / truth).mean() > 1.25
    assert (mean / truth).mean() == pytest.approx(1.0, abs=0.05)


def test_the_error_of_the_pot_is_that_of_the_ends():
    game = LoudRows(0.5, strata=CLASSES)
    pot = game.worth.sum(axis=0, keepdims=True)

    found = estimate_fgsv(game, MANY[:5], budget=1_000, rng=np.random.default_rng(0))

    assert found.total_validation_error == pytest.approx(np.sqrt(validation_covariance(pot, CLASSES)[0, 0]), rel=1e-12)
