import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.core.correlation import Correlation, correlate, correlation_intervals
from payouts.core.rules import RULES, compare_rules

VECTORS = (
    st.integers(2, 8)
    .flatmap(lambda size: st.tuples(*[st.lists(st.integers(-50, 50), min_size=size, max_size=size)] * 2))
    .filter(lambda pair: all(len(set(vector)) > 1 for vector in pair))
)


@given(VECTORS)
def test_coefficients_follow_their_definitions(pair):
    x, y = (np.array(vector, dtype=np.float64) for vector in pair)

    found = correlate(x, y)

    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in itertools.combinations(range(x.size), 2)]
    untied_x, untied_y = (sum(s[k] != 0 for s in signs) for k in (0, 1))
    tau_b = sum(a * b for a, b in signs) / np.sqrt(untied_x * untied_y)
    ranks = [np.array([np.mean([np.sum(v < e) + 1, np.sum(v <= e)]) for e in v]) for v in (x, y)]
    assert found.pearson == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    assert found.spearman == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)
    assert found.kendall == pytest.approx(tau_b, abs=1e-9)
    assert found.count == x.size


@pytest.mark.parametrize("constant", [[1, 1, 1], [0, 0, 0], [0.1 + 0.2, 0.3, 0.3]])
def test_a_constant_has_no_direction_to_agree_with(constant):
    assert correlate(constant, [1, 2, 3]) == Correlation(3, None, None, None)
    assert correlate([1, 2, 3], constant) == Correlation(3, None, None, None)


@pytest.mark.parametrize("few", [[], [1.0]])
def test_fewer_than_two_sellers_correlate_with_nothing(few):
    assert correlate(few, few) == Correlation(len(few), None, None, None)


@pytest.mark.parametrize("second", [[1.0], [1.0, np.nan]])
def test_vectors_that_cannot_be_compared_are_refused(second):
    with pytest.raises(ValueError, match=r"figure"):
        correlate([1.0, 2.0], second)


def test_rules_stand_side_by_side():
    figures = compare_rules(
        {"fgsv": [0.3, 0.1, -0.1], "gsv": [0.2, 0.2, 0.0], "leave_one_out": [0.03, 0.01, -0.02]}
        | {key: [0.1, 0.1, 0.2] for key in ("hcdv", "hcdv_metric", "a rule of tomorrow")},
        [100, 200, 100],
    )

    by_rule = {figure.rule: figure for figure in figures}
    assert tuple(by_rule) == tuple(RULES)
    assert by_rule["fgsv"].shares == pytest.approx((0.75, 0.25, 0.0))
    assert by_rule["by_rows"].shares == (0.25, 0.5, 0.25)
    assert by_rule["equal"].gini == 0.0
    assert by_rule["equal"].with_leave_one_out == Correlation(3, None, None, None)
    assert by_rule["leave_one_out"].with_leave_one_out.pearson == pytest.approx(1.0)
    assert by_rule["by_rows"].with_rows.kendall == pytest.approx(1.0)


def test_a_rule_without_a_positive_value_shares_nothing():
    figures = compare_rules({"fgsv": [-0.1, 0.0], "gsv": [0.1, 0.1], "leave_one_out": [0.0, 0.0]}, [1, 2])

    assert (figures[0].shares, figures[0].gini, figures[0].lorenz) == ((), None, ())


def test_without_values_of_rows_their_rules_are_left_out():
    values = {key: [0.2, 0.1] for key in ("fgsv", "gsv", "leave_one_out")}

    assert [figure.rule for figure in compare_rules(values, [1, 2])] == [
        *("fgsv", "gsv", "leave_one_out", "by_rows", "equal"),
    ]


def intervals(x, x_error, y, y_error):
    size = len(x)
    return correlation_intervals(
        x, np.eye(size) * x_error**2, y, np.eye(size) * y_error**2, level=0.95, rng=np.random.default_rng(0)
    )


def test_intervals_of_exact_figures_are_the_coefficients_themselves():
    x, y = [0.5, 0.3, 0.15, 0.05, 0.15], [1, 2, 2, 1, 0]
    exact, found = correlate(x, y), intervals(x, 0, y, 0)

    for name in ("pearson", "spearman", "kendall"):
        assert getattr(found, name) == pytest.approx((getattr(exact, name),) * 2)


def test_intervals_widen_with_the_errors_and_are_undefined_beside_a_constant():
    x, y = [0.5, 0.3, 0.15, 0.05], [0.4, 0.3, 0.2, 0.1]

    narrow, wide = intervals(x, 0.01, y, 0.01).pearson, intervals(x, 0.2, y, 0.2).pearson
    assert narrow[1] - narrow[0] < 0.1 < wide[1] - wide[0]
    assert intervals(x, 0.1, [1, 1, 1, 1], 0).kendall is None
