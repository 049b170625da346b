"""Shares are precise enough when those that are paid are."""

import numpy as np

from valuation.core.fgsv.precision import DueTarget, Known, due_of_pot, payable_values
from valuation.core.results import share_standard_errors
from valuation.core.statistics.confidence import normal_quantile

VALUES = np.array([0.02, 0.015, 0.012, 0.01, 0.03])
VALIDATION = np.array([0.005, 0.009, 0.008, 0.007, 0.006]) ** 2
COVARIANCE = np.diag(np.full(5, 6e-4) ** 2)


def known(values=VALUES, validation=VALIDATION, *, gated=True):
    nobody = np.zeros(len(values), dtype=bool)
    return Known(values, np.array([COVARIANCE / 2, COVARIANCE / 2]), validation, nobody, gated)


def test_without_a_gate_every_positive_value_is_payable():
    values = np.array([0.02, 0.015, -0.012, 0.01, 0.03])
    np.testing.assert_array_equal(np.maximum(payable_values(values, VALIDATION, gated=False), 0), values.clip(0))

    found = known(gated=False)

    errors = share_standard_errors(VALUES, COVARIANCE)
    assert found.share_half_width() == normal_quantile(0.95) * errors.max() < known().share_half_width()
    # A pot of 100 EUR: 5 EUR of all that is paid, which without a gate is shared by all five.
    np.testing.assert_allclose(np.sqrt(found.due_variances(due_of_pot(10_000))[0]), 0.05 * VALUES.sum())


def test_behind_the_gate_payable_are_values_whose_lower_bound_is_above_zero():
    bounds = VALUES - normal_quantile(0.95) * np.sqrt(VALIDATION)
    assert (bounds > 0).tolist() == [True, False, False, False, True]

    np.testing.assert_array_equal(payable_values(VALUES, VALIDATION, gated=True), [0.02, 0, 0, 0, 0.03])


def test_computation_and_validation_variance_count_together():
    values, one = np.array([0.1, 0.5]), np.array([0.04, 0.0]) ** 2

    np.testing.assert_array_equal(payable_values(values, one, gated=True), values)
    np.testing.assert_array_equal(payable_values(values, 2 * one, gated=True), [0.0, 0.5])


def test_without_payable_values_the_positive_ones_stand_in():
    found = known(validation=np.full(5, 1.0))

    np.testing.assert_array_equal(found.payable, VALUES)
    assert np.isinf(known(values=-VALUES).share_half_width())


def test_gated_values_leave_the_denominator_so_that_the_run_goes_on():
    ungated, gated = known(validation=np.zeros(5)), known()
    target = 0.02
    assert ungated.share_half_width() <= target  # would have stopped

    assert gated.share_half_width() > target
    paid = np.array([0.02, 0, 0, 0, 0.03])
    assert gated.share_half_width() == normal_quantile(0.95) * share_standard_errors(paid, COVARIANCE).max()
    np.testing.assert_allclose(
        gated.variance_target(target) / ungated.variance_target(target), (paid.sum() / VALUES.sum()) ** 2
    )


def test_values_without_any_error_are_precise():
    nobody = np.zeros(5, dtype=bool)
    assert Known(np.zeros(5), np.zeros((3, 5, 5)), VALIDATION, nobody, True).share_half_width() == 0.0


def test_an_amount_may_move_by_a_part_of_itself_or_of_the_pot():
    target = DueTarget(relative=1 / 6, absolute=0.05)

    found = known(validation=np.zeros(5)).due_variances(target)

    # A twentieth of the sum, .00435, is more than a sixth of .02 and less than one of .03.
    np.testing.assert_allclose(np.sqrt(found), [0.00435, 0.00435, 0.00435, 0.00435, 0.005])


def test_computation_decides_no_more_where_only_validation_rows_would_help():
    target = DueTarget(relative=1e-3, absolute=0.0)

    decides = known(validation=np.array([5.0, 0.5, 0.0, 2.1, 1.9]) ** 2 * np.diag(COVARIANCE)).computation_decides(
        target
    )

    assert decides.tolist() == [False, True, True, False, True]
