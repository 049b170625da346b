"""Kinds that may be named: seldom any where all are equal, however many are compared, and then the right one."""

import numpy as np
import pytest

from payouts.selectors.seller.clear_kinds import clearly_ahead, clearly_behind, did, joint_quantile
from valuation.core.rows.row_kinds import mean_by_kind
from valuation.selectors.row_kinds import KindMean


def kind(name, mean, ahead, error):
    return KindMean(name, 40, mean, error, ahead, error)


def simulated(rng, columns, kinds, rows=40):
    """Rows of equal kinds in each of the columns, told apart by chance alone; trees shift rows of a kind together."""
    found = []
    for _ in range(columns):
        codes = np.repeat(np.arange(kinds), rows)
        values = rng.normal(size=codes.size) + rng.normal(scale=0.3, size=(4, kinds))[:, codes]
        means = mean_by_kind(values, codes)
        figures = zip(
            means.rows, means.means, means.standard_errors, means.ahead, means.ahead_standard_errors, strict=True
        )
        found += [KindMean(str(place), *each) for place, each in enumerate(figures)]
    return found


@pytest.mark.parametrize(("columns", "kinds"), [(1, 3), (3, 3), (1, 10)])
def test_of_equal_kinds_one_is_named_in_at_most_one_round_of_twenty(columns, kinds):
    rng, runs, claimed, one_by_one = np.random.default_rng(4), 1000, 0, 0
    quantile = joint_quantile(columns * kinds)
    for _ in range(runs):
        means = simulated(rng, columns, kinds)
        claimed += clearly_ahead(means, quantile) is not None or clearly_behind(means, quantile) is not None
        one_by_one += clearly_ahead(means, 1.96) is not None or clearly_behind(means, 1.96) is not None

    assert claimed / runs <= 0.05
    assert one_by_one / runs > 0.05, "each comparison at its own level would claim more often than is said"


def test_the_highest_of_those_surely_ahead_is_named():
    first, sure, surest = kind("A", 9.0, 1.4, 1.0), kind("B", 5.0, 1.0, 0.1), kind("C", 4.0, 0.9, 0.01)

    assert clearly_ahead([first, sure, surest], joint_quantile(3)) == sure
    assert clearly_behind([first, sure, surest], joint_quantile(3)) is None


def test_one_kind_behind_leaves_none_ahead():
    behind, equal = kind("A", -1.0, -13.0, 1.0), kind("B", 2.0, 1.4, 1.0)

    assert clearly_ahead([behind, equal], joint_quantile(2)) is None
    assert clearly_behind([behind, equal], joint_quantile(2)) == behind


def test_where_nothing_varies_every_difference_is_sure():
    assert clearly_behind([kind("A", 1.0, -0.5, 0.0)], 5.0) is not None
    assert clearly_ahead([kind("A", 1.0, 0.0, 0.0)], 0.0) is None


@pytest.mark.parametrize(
    ("mean", "ahead", "words"),
    [
        (2, 1, "added more"),
        (2, 3, "added more"),
        (-1, 1, "cost less"),
        (1, -1, "added less"),
        (-1, -3, "added less"),
        (-3, -1, "cost more"),
    ],
)
def test_losses_are_costs(mean, ahead, words):
    assert did(kind("A", mean, ahead, 0.1)) == f"clearly {words}"
