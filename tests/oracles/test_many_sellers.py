"""`auto` is never worse than the plain covariance form, however many sellers there are."""

import numpy as np
import pytest

from tests.oracles.games_at_random import group_sums
from tests.oracles.many_sellers import Market, plain_covariance_form
from valuation.core import FgsvPlan, estimate_fgsv

N = 2_000


@pytest.fixture(scope="module")
def market():
    game = Market(N)
    return game, game.shapley_values


@pytest.mark.parametrize("sellers", [50, 200, 1_000])
def test_claimed_and_real_error_are_not_above_the_plain_form_s(market, sellers):
    game, values = market
    groups = np.array_split(np.random.default_rng(0).permutation(N), sellers)
    truth = group_sums(values, groups)
    plain, plain_errors = plain_covariance_form(game, groups, budget=6_000, rng=np.random.default_rng(1))

    found = estimate_fgsv(game, groups, budget=6_000, rng=np.random.default_rng(1))

    known = ~found.withheld

    # Six evaluations a seller are too few to say it of each.
    assert known.mean() > 0.9
    assert np.sqrt((found.standard_errors[known] ** 2).mean()) < 1.1 * np.sqrt((plain_errors**2).mean())
    assert np.sqrt(((found.values - truth) ** 2).mean()) < 1.1 * np.sqrt(((plain - truth) ** 2).mean())


def test_pairs_are_for_few_sellers_or_large_budgets():
    def kinds(sellers, budget):
        return {stratum.kind for stratum in FgsvPlan((10_000 // sellers,) * sellers, budget).strata}

    assert "coupled" in kinds(5, 20_000)
    assert "coupled" in kinds(50, 100_000)
    for sellers in (50, 200, 1_000):
        assert kinds(sellers, 20_000) == {"covariance"}
