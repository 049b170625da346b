"""An amount may move with the seed by a sixth of it, or by 500 minor units where that is more."""

import pytest

from payouts.core.due import wobble

Z = 1.959964


def of(amount, error, *, validation=None):
    """An amount whose intervals are so many standard errors wide on each side, and a unit for rounding."""

    def interval(width):
        half = round(Z * width) + 1
        return max(0, amount - half), amount + half

    return wobble(amount, interval(error), None if validation is None else interval(validation))


@pytest.mark.parametrize(
    ("amount", "error", "allowed"), [(60_000, 9_000, 10_000), (1_000, 120, 500), (0, 0, 500), (6_000_000, 1, 1_000_000)]
)
def test_the_error_is_read_off_the_interval_beside_what_it_may_be(amount, error, allowed):
    found = of(amount, error)

    assert found.error_minor == pytest.approx(error, abs=0.3)
    assert found.allowed_minor == allowed
    assert not found.is_too_much


@pytest.mark.parametrize(("error", "too_much"), [(11_900, False), (12_100, True)])
def test_a_fifth_more_than_allowed_is_the_sum_that_all_share(error, too_much):
    assert of(60_000, error).is_too_much is too_much


def test_where_validation_rows_decide_more_draws_are_not_asked_for():
    draws, rows = of(60_000, 15_000, validation=20_000), of(60_000, 15_000, validation=26_000)

    assert (draws.is_too_much, draws.only_rows_help) == (True, False)
    assert (rows.is_too_much, rows.only_rows_help) == (False, True)


def test_validation_rows_that_leave_an_amount_sure_are_not_mentioned():
    assert not of(60_000, 1_000, validation=9_000).only_rows_help
