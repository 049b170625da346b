"""Validation rows are a sample: covariances by the book where many rows matter, and wider where few do."""

import numpy as np
import pytest

from valuation.core.statistics.validation_sample import validation_covariance


def contributions_of(*, matter, rows=2000, groups=3):
    """Rows that are all 0 but for ``matter`` of them, of which the groups have 1 each in turn."""
    found = np.zeros((groups, rows))
    found[np.arange(matter) % groups, np.arange(matter)] = 1.0
    return found


def test_of_many_rows_it_is_that_of_the_mean_of_the_contributions():
    contributions = np.random.default_rng(1).normal(size=(2, 60))

    np.testing.assert_allclose(validation_covariance(contributions), np.cov(contributions) / 60)


def test_of_strata_it_is_that_of_the_sum_of_their_means():
    contributions = np.random.default_rng(0).normal(size=(2, 110))
    strata = np.arange(110) % 11 // 6

    found = validation_covariance(contributions, strata)

    # Widened by Student's variance: (60 - 1) / (60 - 3) and (50 - 1) / (50 - 3).
    parts = ((contributions[:, strata == 0], 59 / 57), (contributions[:, strata == 1], 49 / 47))
    expected = sum((part.shape[1] / 110) ** 2 * wider * np.cov(part) / part.shape[1] for part, wider in parts)
    np.testing.assert_allclose(found, expected)


def test_a_validation_row_alone_in_its_stratum_is_as_uncertain_as_it_is_large():
    found = validation_covariance(np.array([[2.0, 2.0, 2.0, 2.0, 10.0]]), np.array([0, 0, 0, 0, 1]))

    np.testing.assert_allclose(found, [[4.0]])


@pytest.mark.parametrize(("matter", "added"), [(3, 3.4), (12, 1.6)])
def test_where_few_rows_matter_four_more_of_them_are_thought_of(matter, added):
    """Each of ``matter`` rows is as far from the mean: so many matter, and ``4 (1 - matter / 20)`` are added."""
    contributions = contributions_of(matter=matter)

    found = validation_covariance(contributions)

    plain = np.cov(contributions) / 2000
    np.testing.assert_allclose(np.diag(found - plain) * 2000**2, added, rtol=0.02)
    np.testing.assert_array_equal(found - np.diag(np.diag(found)), plain - np.diag(np.diag(plain)))


def test_from_twenty_rows_that_matter_on_nothing_is_added():
    contributions = contributions_of(matter=24)

    np.testing.assert_array_equal(validation_covariance(contributions), np.cov(contributions) / 2000)


def test_who_was_reached_by_smaller_rows_is_as_uncertain_as_if_by_anybody_s():
    """One group's four rows count a tenth: so could others that it has missed by luck; no row tells of the last."""
    contributions = contributions_of(matter=12)
    contributions[1] /= 10
    contributions[2] = 0.5

    found = np.diag(validation_covariance(contributions) - np.cov(contributions) / 2000)

    assert found[1] == pytest.approx(found[0], rel=0.02)
    assert found[1] > 0
    assert found[2] == 0


def test_the_unit_does_not_matter_however_large():
    contributions = contributions_of(matter=5)

    found = validation_covariance(contributions * 1e99)

    np.testing.assert_allclose(found / 1e198, validation_covariance(contributions), rtol=1e-12)


def test_rows_that_are_all_alike_and_a_single_row_say_nothing():
    assert not validation_covariance(np.full((2, 9), 0.3)).any()
    assert not validation_covariance(np.ones((2, 1))).any()
    assert not validation_covariance(np.full((2, 9), 0.3), np.arange(9) % 2).any()


def noisy_halves(*, noise, groups=4, rows=3000, seed=2):
    """Contributions of independent spread 1, and two halves of them with noise of their own."""
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(groups, rows))
    first, second = (spread + noise * rng.normal(size=(groups, rows)) for _ in range(2))
    return spread, first, second


def test_halves_that_agree_are_the_contributions():
    contributions = np.random.default_rng(3).normal(size=(3, 110))

    for strata in (None, np.arange(110) % 11 // 6):
        alone = validation_covariance(contributions, strata)
        found = validation_covariance(contributions, strata, halves=(contributions, contributions))
        np.testing.assert_allclose(found, alone, rtol=1e-12, atol=1e-18)


def test_noise_that_the_halves_do_not_share_is_left_out():
    _, first, second = noisy_halves(noise=2.0)

    found = np.diag(validation_covariance((first + second) / 2, halves=(first, second)))

    assert np.diag(validation_covariance((first + second) / 2)).mean() * 3000 == pytest.approx(3.0, abs=0.2)
    assert found.mean() * 3000 == pytest.approx(1.0, abs=0.2)


def test_what_noise_hides_is_as_large_as_the_scatter_that_hides_it():
    """Two halves with nothing in common: the error is not known, and is not 0."""
    _, first, second = noisy_halves(noise=1.0)
    first, second = first - first.mean(axis=0), -first + second * 1e-3

    found = validation_covariance((first + second) / 2 + first, halves=(first, second))

    assert (np.diag(found) > 0).all()


def test_who_earns_nothing_stays_certain_beside_noisy_halves():
    _, first, second = noisy_halves(noise=1.0)
    first[2] = second[2] = 0.0

    found = validation_covariance((first + second) / 2, halves=(first, second))

    assert not found[2].any()
    assert (np.diag(found)[[0, 1, 3]] > 0).all()
