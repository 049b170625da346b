"""Rounding noise becomes exactly 0, and nothing else does."""

import numpy as np

from valuation.core.statistics.rounding import rounding_of, settled_covariance, settled_values

NOISE = rounding_of(1.0)


def test_values_of_noise_alone_are_exactly_zero():
    settled = settled_values(np.array([3e-17, -8e-17, 0.0]), 0.0, NOISE)

    np.testing.assert_array_equal(settled, np.zeros(3))


def test_noise_beside_values_is_zero_and_the_sum_is_kept():
    values = np.array([0.3, 1e-13, -0.1, -4e-14])

    settled = settled_values(values, float(values.sum()), NOISE)

    assert settled[1] == 0.0
    assert settled[3] == 0.0
    np.testing.assert_allclose(settled, values, atol=NOISE)
    assert abs(settled.sum() - values.sum()) <= 1e-16


def test_values_above_the_noise_keep_their_bits():
    values = np.array([0.3, 1e-9, -0.1])

    np.testing.assert_array_equal(settled_values(values, 5.0, NOISE), values)


def test_variances_below_zero_and_their_covariances_are_zero():
    covariance = np.array([[-1e-20, 1e-12, 0.0], [1e-12, 4e-4, 1e-4], [0.0, 1e-4, 9e-4]])

    settled = settled_covariance(covariance, NOISE)

    np.testing.assert_array_equal(settled, [[0, 0, 0], [0, 4e-4, 1e-4], [0, 1e-4, 9e-4]])
