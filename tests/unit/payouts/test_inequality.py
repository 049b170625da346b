import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.core.inequality import gini, lorenz_curve

AMOUNTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@given(AMOUNTS)
def test_gini_is_the_mean_absolute_difference(amounts):
    x = np.array(amounts, dtype=np.float64)
    pairs = np.abs(x[:, None] - x[None, :]).sum()

    assert gini(amounts) == pytest.approx(pairs / (2 * x.size**2 * x.mean()), abs=1e-12)


@given(AMOUNTS)
def test_gini_is_one_minus_twice_the_area_under_the_lorenz_curve(amounts):
    sellers, shares = zip(*lorenz_curve(amounts), strict=True)

    assert gini(amounts) == pytest.approx(1 - 2 * np.trapezoid(shares, sellers), abs=1e-9)


def test_one_of_five_sellers_with_everything_reaches_four_fifths_not_one():
    assert gini([0, 0, 0, 0, 7]) == pytest.approx(0.8)


def test_equal_shares_have_no_inequality():
    assert gini([3, 3, 3]) == 0.0


@given(share=st.floats(1e-9, 1e9), sellers=st.integers(1, 40))
def test_equal_shares_never_print_as_less_than_nothing(share, sellers):
    assert f"{gini([share] * sellers):.2f}" == "0.00"


@pytest.mark.parametrize("nothing", [[], [0.0, 0.0]])
def test_nothing_shared_has_no_coefficient_and_no_curve(nothing):
    assert gini(nothing) is None
    assert lorenz_curve(nothing) == ()


def test_the_curve_starts_with_the_poorest():
    assert lorenz_curve([3, 1]) == ((0.0, 0.0), (0.5, 0.25), (1.0, 1.0))


def test_negative_shares_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        gini([-1, 2])
