"""Whoever is listed first: the same groups in another order have the same values, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core import (
    FgsvPlan,
    ModelSpec,
    du_shapley,
    estimate_fgsv,
    estimate_gsv,
    leave_one_out,
    make_utility,
    run_block,
    run_plan,
)
from valuation.core.sampling.group_order import in_canonical_order

N = 48


class Curve:
    """A saturating curve of rows of unequal worth."""

    n_players = N

    def __init__(self):
        self.worth = np.random.default_rng(3).gamma(1.0, 0.2, (N, 5))

    def __call__(self, coalitions):
        return (1 - np.exp(-(coalitions @ self.worth))).mean(axis=1)


class RowCurve(Curve):
    def rowwise(self, coalitions):
        return 1 - np.exp(-(coalitions @ self.worth))


@st.composite
def groups_in_two_orders(draw):
    labels = np.array(draw(st.lists(st.integers(0, 4), min_size=N, max_size=N)))
    groups = [np.flatnonzero(labels == group) for group in range(5)]  # one may be empty
    order = draw(st.permutations(range(5)))
    return groups, order


def assert_same_values(found, listed, order):
    for name in ("values", "standard_errors", "contributions"):
        one, other = getattr(found, name), getattr(listed, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one[order], other)
    for name in ("covariance", "validation_covariance"):
        one, other = getattr(found, name), getattr(listed, name)
        if one is not None:
            np.testing.assert_array_equal(one[np.ix_(order, order)], other)


@settings(max_examples=25, deadline=None)
@given(groups_in_two_orders(), st.sampled_from([Curve(), RowCurve()]))
def test_a_list_in_another_order_has_the_permuted_values(drawn, game):
    groups, order = drawn
    found, listed = (
        estimate_fgsv(game, some, budget=900, rng=np.random.default_rng(0))
        for some in (groups, [groups[g][::-1] for g in order])
    )

    assert_same_values(found, listed, order)


@pytest.mark.parametrize("sizes", [(5, 10, 15, 18), (1, 47), (4,) * 12])
def test_a_run_by_blocks_does_too_by_every_rule(sizes):
    game, order = RowCurve(), np.random.default_rng(1).permutation(len(sizes))
    groups = np.split(np.random.default_rng(2).permutation(N), np.cumsum(sizes)[:-1])
    found, listed = (
        plan.estimates(run_plan(plan, game, some, 7), 7)
        for some in (groups, [groups[g] for g in order])
        for plan in [FgsvPlan(tuple(map(len, some)), 6_000, target=0.02, rowwise=True, with_seller_game=True)]
    )

    assert found.keys() == listed.keys()
    for rule in found:
        assert_same_values(found[rule], listed[rule], order)


def test_a_block_on_any_worker_gives_the_sums_of_the_canonical_order():
    groups = [np.array([40, 3]), np.arange(4, 40), np.array([0, 1, 2, *range(41, N)]), np.array([], dtype=np.intp)]
    plan = FgsvPlan(tuple(map(len, groups)), 2_000)
    block = plan.next_wave(plan.start())[5]

    found = run_block(Curve(), groups, block, 1).arrays
    listed = run_block(Curve(), groups[::-1], block, 1).arrays

    for name in found:
        np.testing.assert_array_equal(found[name], listed[name])


def test_other_rules_of_groups_do_too():
    groups, order = np.split(np.random.default_rng(4).permutation(N), [5, 20, 30]), [2, 0, 3, 1]
    game = RowCurve()
    rules = {
        "algorithm 1": lambda some, rng: estimate_fgsv(game, some, budget=9_000, rng=rng, method="algorithm_1"),
        "gsv": lambda some, rng: estimate_gsv(game, some, budget=16, rng=rng),
        "leave one out": lambda some, _: leave_one_out(game, some),
        "du": lambda some, rng: du_shapley(game, some, budget=200, rng=rng),
    }
    for price in rules.values():
        found, listed = (price(some, np.random.default_rng(0)) for some in (groups, [groups[g] for g in order]))
        assert_same_values(found, listed, order)


def test_canonical_order_is_by_the_smallest_row_and_nobody_stands_last():
    ordered, places = in_canonical_order([np.array([], dtype=np.intp), np.array([7, 2]), np.array([1, 9])])

    assert [group.tolist() for group in ordered] == [[1, 9], [2, 7], []]
    assert places.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("family", "task"), [("ridge_regression", "regression"), ("logistic_regression", "classification")]
)
def test_the_same_sellers_pooled_in_another_order_have_the_same_values(family, task):
    """Rows that two sellers both have are told apart by their seller, whoever comes first."""
    rng = np.random.default_rng(5)
    X, X_valid = rng.normal(size=(60, 3)), rng.normal(size=(40, 3))
    X[7], X[30] = X[3], X[50]
    y, y_valid = X[:, 0] - X[:, 1], X_valid[:, 0] - X_valid[:, 1]
    if task == "classification":
        y, y_valid = (y > 0).astype(np.int64), (y_valid > 0).astype(np.int64)
    spec = ModelSpec(family, {}, "r2" if task == "regression" else "neg_log_loss")
    groups = np.split(np.arange(60), [5, 20, 40])
    pooled, order = rng.permutation(60), [2, 0, 3, 1]
    where = np.argsort(pooled)

    found = estimate_fgsv(make_utility(spec, X, y, X_valid, y_valid), groups, budget=600, rng=np.random.default_rng(0))
    listed = estimate_fgsv(
        make_utility(spec, X[pooled], y[pooled], X_valid, y_valid),
        [where[groups[g]] for g in order],
        budget=600,
        rng=np.random.default_rng(0),
    )

    np.testing.assert_allclose(listed.values, found.values[order], atol=1e-9)
    np.testing.assert_allclose(listed.covariance, found.covariance[np.ix_(order, order)], atol=1e-9)
    np.testing.assert_allclose(listed.contributions, found.contributions[order], atol=1e-9)
