"""The chance that an owner's rows are not worth nothing, learned from all owners' values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payouts.core.chances import PRIOR, Kinds, fit

# Down to where a billionth of the value is still a float.
FINITE = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-290)
OWNERS = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        st.lists(FINITE, min_size=count, max_size=count),
        st.lists(st.just(0.0) | st.floats(1e-3, 10), min_size=count, max_size=count),
        st.lists(st.integers(0, 5_000), min_size=count, max_size=count),
    )
)


def chances(values, errors, rows):
    return fit(values, errors, rows).chances(values)


def market(rng, *, honest=10, nulls=2, z=3.0, rows=50):
    """Values of honest owners worth about 1 each and of nulls, their errors and rows."""
    worth = np.concatenate([rng.normal(1.0, 0.2, honest), np.zeros(nulls)])
    return worth + rng.normal(0, 1 / z, honest + nulls), np.full(honest + nulls, 1 / z), np.full(honest + nulls, rows)


@given(OWNERS)
@settings(deadline=None)
def test_every_chance_is_above_zero_and_at_most_one(owners):
    found = chances(*owners)

    assert np.isfinite(found).all()
    assert ((found > 0) & (found <= 1)).all()


@given(OWNERS)
@settings(deadline=None)
def test_a_value_known_exactly_is_no_noise(owners):
    values, _, rows = owners
    found = chances(values, [0.0] * len(values), rows)

    np.testing.assert_array_equal(found[np.array(values) != 0], 1.0)


@given(OWNERS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_owners_is_irrelevant(owners, random):
    order = random.sample(range(len(owners[0])), len(owners[0]))

    shuffled = chances(*([column[place] for place in order] for column in owners))

    np.testing.assert_allclose(shuffled, chances(*owners)[order], rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1e90, 1e300])
def test_the_unit_of_values_is_irrelevant(unit):
    values, errors, rows = market(np.random.default_rng(0))

    np.testing.assert_allclose(chances(values * unit, errors * unit, rows), chances(values, errors, rows), rtol=1e-9)


def test_tiny_beside_huge_is_still_told_from_nothing():
    np.testing.assert_array_equal(chances([1e-300, 1e90, 1.0], [1e-302, 0.0, 0.0], [1, 10, 5]), 1.0)


def test_owners_alike_have_one_chance():
    found = chances([1.0, 0.3, 0.3, 0.3], [0.2] * 4, [50] * 4)

    assert found[1] == found[2] == found[3]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_owners_and_owners_who_all_do_harm_have_chances(count, sign):
    found = chances([sign] * count, [0.2] * count, [50] * count)

    assert ((found > 0.9) & (found <= 1)).all()


def test_without_owners_there_is_nothing_to_know():
    assert chances([], [], []).size == 0


def test_an_owner_without_rows_tells_nothing_of_the_others():
    values, errors, rows = market(np.random.default_rng(1))

    beside = chances([*values, 0.0], [*errors, 0.0], [*rows, 0])

    np.testing.assert_allclose(beside[:-1], chances(values, errors, rows), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_pay_grows_with_the_value_and_never_jumps(seed):
    """No cliff: over 200 small steps of one value, chance times value goes up and by little at a time."""
    values, errors, rows = market(np.random.default_rng(seed))
    steps = np.linspace(-1.0, 2.0, 201)
    paid = []
    for step in steps:
        values[0] = step
        paid.append(chances(values, errors, rows)[0] * max(step, 0.0))

    grown = np.diff(paid)
    assert grown.min() >= 0
    assert grown.max() <= 4 * (steps[1] - steps[0])


def test_the_fit_finds_the_world_that_the_values_were_drawn_from():
    rng = np.random.default_rng(3)
    rows = rng.integers(20, 200, 3_000)
    is_null = rng.random(3_000) < 0.3
    worth = np.where(is_null, 0.0, 0.02 * rows + np.sqrt(0.002 * rows) * rng.standard_normal(3_000))
    errors = 0.03 * np.sqrt(rows)

    found = fit(worth + errors * rng.standard_normal(3_000), errors, rows)

    # Three standard errors of a proportion over 3,000 owners.
    assert found.parts.null[0] == pytest.approx(0.3, abs=0.025)
    assert found.parts.like[0] == pytest.approx(0.7, abs=0.025)
    np.testing.assert_allclose(found.means * found.scale, 0.02 * rows, rtol=0.02)
    np.testing.assert_allclose(found.variances * found.scale**2, 0.002 * rows, rtol=0.15)


def test_worthless_owners_fade_the_more_there_are():
    rng = np.random.default_rng(4)
    few, many = (chances(*market(rng, honest=12, nulls=nulls, z=6.0))[12:].mean() for nulls in (2, 500))

    assert many < 0.05
    assert many < few / 10


def test_a_value_far_from_nothing_is_none_however_little_it_is_beside_the_others():
    """Sellers of another kind: small beside what their rows would be worth like the others', and surely above 0."""
    found = chances([20.0, 22.0, 25.0, 18.0, 30.0, 5.0, -5.0], [1.0] * 7, [100] * 7)

    assert (found > 0.99).all()


def test_a_weak_seller_beside_strong_ones_and_nulls_keeps_a_chance_because_it_may_be_unlike_them():
    strong, nulls, weak = [18.0, 19.0, 20.0, 21.0, 22.0, 20.0], [-1.0, 0.2, 0.9], 2.5
    values, errors, rows = [*strong, *nulls, weak], [1.0] * 10, [100] * 10

    found = chances(values, errors, rows)
    of_two_kinds = fit(values, errors, rows, prior=Kinds(PRIOR.null, PRIOR.like, 1e-9)).chances(values)

    assert found[-1] > 0.7
    assert of_two_kinds[-1] < 0.1


def test_an_owners_own_value_takes_no_part_in_what_its_rows_should_be_worth():
    values, errors, rows = np.array([1.0, 1.1, 0.9, 3.0]), np.full(4, 0.1), np.full(4, 50)

    without = fit(values[:3], errors[:3], rows[:3], prior=PRIOR)
    beside = fit(values, errors, rows)

    assert beside.means[3] * beside.scale == pytest.approx(1.0, abs=0.01)
    assert without.means[0] * without.scale == pytest.approx(1.0, abs=0.01)


def test_many_sets_of_values_are_fitted_at_once_as_one_by_one():
    rng = np.random.default_rng(5)
    values, errors, rows = market(rng)
    drawn = values + errors * rng.standard_normal((7, values.size))

    together = fit(drawn, errors, rows).chances(drawn)

    np.testing.assert_allclose(together, [chances(each, errors, rows) for each in drawn], rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "errors", "rows", "sentence"),
    [
        ([1.0], [0.1, 0.1], [50], "one length"),
        ([float("nan")], [0.1], [50], "finite"),
        ([1.0], [float("inf")], [50], "finite"),
        ([1.0], [-0.1], [50], "below 0"),
        ([1.0], [0.1], [-1], "below 0"),
    ],
)
def test_what_cannot_be_is_refused(values, errors, rows, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit(values, errors, rows)
