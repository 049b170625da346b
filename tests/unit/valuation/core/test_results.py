import numpy as np
import pytest
from scipy import stats

from valuation.core import PointValues
from valuation.core.errors import InvalidSpecError
from valuation.core.results import RoyaltyShares, group_values, share_interval, share_standard_errors, shares_of


def values_of(values, errors, contributions=None):
    return group_values(
        np.array(values),
        np.diag(np.square(errors)),
        contributions=contributions,
        evaluations=10,
        seed=3,
        method_version="test/1",
    )


@pytest.mark.parametrize("level", [0, 1, 1.0, 1.5, -0.1, float("nan")])
@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, -2.0]])
def test_no_interval_has_a_level_of_none_or_all(level, values):
    result = values_of(values, [0.01, 0.02], contributions=np.ones((2, 3)))
    points = PointValues(result.values, result.standard_errors, 1, None, "test/1")
    shares = RoyaltyShares(result.shares, result)

    for interval in (
        result.interval,
        result.validation_interval,
        result.share_interval,
        result.validation_share_interval,
        shares.interval,
        shares.validation_interval,
        points.interval,
    ):
        with pytest.raises(InvalidSpecError, match="level"):
            interval(level)


def test_a_level_just_below_all_is_an_interval():
    result = values_of([1.0], [0.1])

    assert np.isfinite(result.interval(np.nextafter(1.0, 0.0))).all()


def test_interval_is_the_normal_one():
    result = values_of([1.0, -2.0], [0.1, 0.2])

    np.testing.assert_allclose(result.interval(0.95), [[0.804004, 1.195996], [-2.391993, -1.608007]], atol=1e-6)
    assert result.validation_interval() is None
    assert result.validation_share_interval() is None


def test_shares_clip_negative_values_and_are_zero_where_nothing_is_positive():
    np.testing.assert_allclose(shares_of(np.array([3.0, -1.0, 1.0])), [0.75, 0, 0.25])
    np.testing.assert_array_equal(shares_of(np.array([-3.0, 0.0])), [0, 0])
    assert np.isinf(share_standard_errors(np.array([-3.0, 0.0]), np.eye(2))).all()


def test_share_interval_of_clearly_positive_values_is_the_delta_method():
    # the sum of the two is certain: shares are values over 4
    covariance = 0.01 * np.array([[1.0, -1.0], [-1.0, 1.0]])

    interval = share_interval(np.array([1.0, 3.0]), covariance, 0.95)

    half = stats.norm.ppf(0.975) * 0.1 / 4
    np.testing.assert_allclose(interval, [[0.25 - half, 0.25 + half], [0.75 - half, 0.75 + half]], atol=1e-12)


def test_share_interval_near_the_clip_is_one_sided_and_repeatable():
    result = values_of([1.0, 0.0], [0.01, 0.1])

    interval = result.share_interval(0.95)

    assert interval[1, 0] == 0.0
    # the upper end is the share of a value 1.96 standard errors above 0
    assert interval[1, 1] == pytest.approx(0.196 / 1.196, abs=0.004)
    np.testing.assert_array_equal(interval, result.share_interval(0.95))


def test_the_validation_interval_is_that_of_the_mean_of_the_contributions():
    contributions = np.tile([[1.0, 3.0, 2.0, 2.0], [0.0, 4.0, 4.0, 0.0]], 25)

    result = values_of(contributions.mean(axis=1), [0.1, 0.1], contributions)

    half = stats.norm.ppf(0.975) * 2 / np.sqrt(99)  # each of 100 rows is 2 away from the mean
    np.testing.assert_allclose(result.validation_interval()[1], [2 - half, 2 + half])
    assert result.validation_share_interval().shape == (2, 2)
