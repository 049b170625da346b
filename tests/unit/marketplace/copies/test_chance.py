"""Chance is bounded from above: exact figures, and properties over whatever files innocent sellers may bring."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from marketplace.copies.chance import LEVEL, TILT, Verdict, log10_upper_tail, repeating, shared_chances, sharing


def test_what_never_repeats_and_is_shared_twenty_times_is_a_finding():
    kinds = np.ones(20, dtype=np.int64)

    verdict = sharing(kinds, kinds, rows_first=1000, rows_second=1000)

    assert verdict.observed == 20
    assert verdict.expected == 0
    assert verdict.log10_p == pytest.approx(20 * math.log10(0.5))
    assert verdict.is_finding


def test_one_test_of_many_must_be_as_many_times_surer():
    seen = Verdict(observed=20, expected=0.0, log10_p=-6.5)

    assert seen.is_finding
    assert seen.among(15) == Verdict(20, 0.0, pytest.approx(-6.5 + math.log10(15)))
    assert not seen.among(15).is_finding
    assert Verdict(1, 1.0, -0.1).among(15).log10_p == 0


def test_as_many_repeats_inside_as_across_are_chance():
    first, second = np.array([2] * 50 + [1] * 100 + [0] * 50), np.array([0] * 50 + [1] * 100 + [2] * 50)

    verdict = sharing(first, second, rows_first=1000, rows_second=1000)

    assert verdict.observed == 100
    assert verdict.expected == pytest.approx(100, rel=0.01)
    assert verdict.log10_p == 0
    assert not verdict.is_finding


def test_a_kind_is_shared_by_at_most_the_even_chance():
    chances = shared_chances(np.array([2, 3, 10]), odds=1.0)

    assert chances == pytest.approx([1 / 2, 3 / 4, 1 - 2**-9])


def test_a_small_file_is_given_its_own_chance_with_room_for_another_kind_of_people():
    (chance,) = shared_chances(np.array([2]), odds=0.01)

    w = 0.01 * TILT / (1 + 0.01 * TILT)
    assert chance == pytest.approx(2 * w * (1 - w))


@given(st.integers(1, 400), st.floats(0.01, 0.99), st.floats(0, 1))
def test_chernoff_bounds_the_binomial_tail_from_above(n, chance, place):
    observed = round(place * n)

    bound = log10_upper_tail(np.full(n, chance), observed)

    assert bound <= 0
    assert bound >= stats.binom.logsf(observed - 1, n, chance) / math.log(10) - 1e-6


def test_nothing_to_see_is_no_evidence():
    assert log10_upper_tail(np.empty(0), 0) == 0
    assert repeating(3, expected=3.0).log10_p == 0


@given(st.integers(0, 500), st.floats(0.01, 200))
def test_the_bound_of_repeats_is_above_poissons_tail(repeats, mean):
    assert repeating(repeats, expected=mean).log10_p >= stats.poisson.logsf(repeats - 1, mean) / math.log(10) - 1e-6


@pytest.mark.parametrize("rows_second", [2000, 300])
def test_innocent_files_of_unlike_people_stay_far_from_a_finding(rows_second):
    """Two different distributions over 3,000 kinds of row, some very common: no pair of 60 is found."""
    rng = np.random.default_rng(5)
    common = 1 / np.arange(1, 3001)
    for _ in range(60):
        p, q = (common * rng.gamma(1.0, size=3000) for _ in range(2))
        first, second = rng.multinomial(2000, p / p.sum()), rng.multinomial(rows_second, q / q.sum())
        verdict = sharing(first, second, rows_first=2000, rows_second=rows_second)
        assert verdict.log10_p > math.log10(LEVEL) / 2
