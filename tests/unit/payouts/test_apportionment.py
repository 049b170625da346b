import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.core.apportionment import largest_remainder

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).map(
    lambda weights: {f"k{index}": Fraction(weight) for index, weight in enumerate(weights)}
)


@given(st.integers(0, 10**12), WEIGHTS.filter(lambda weights: any(weights.values())), st.text(max_size=5))
def test_units_sum_to_the_total_and_stay_within_one_of_their_quota(total, weights, salt):
    units = largest_remainder(total, weights, salt=salt)

    whole = sum(weights.values())
    assert sum(units.values()) == total
    assert all(abs(units[key] - total * weight / whole) < 1 for key, weight in weights.items())


@given(st.integers(0, 60), st.lists(st.integers(0, 30), min_size=1, max_size=4).filter(any))
def test_no_other_split_is_closer_to_the_quotas(total, raw):
    weights = {f"k{index}": Fraction(weight) for index, weight in enumerate(raw)}

    units = largest_remainder(total, weights, salt="round")

    quotas = [Fraction(total * weight, sum(raw)) for weight in raw]
    around = [range(max(0, int(quota) - 1), int(quota) + 3) for quota in quotas]
    splits = [split for split in itertools.product(*around) if sum(split) == total]
    distances = [sum(abs(unit - quota) for unit, quota in zip(split, quotas, strict=True)) for split in splits]
    mine = sum(abs(unit - quota) for unit, quota in zip(units.values(), quotas, strict=True))
    assert mine == min(distances)


def test_the_missing_unit_goes_to_the_largest_remainder_where_rounding_falls_short():
    # Quotas 33.4, 33.3, 33.3: rounding each gives 99.
    weights = {"a": Fraction(334), "b": Fraction(333), "c": Fraction(333)}

    assert largest_remainder(100, weights, salt="") == {"a": 34, "b": 33, "c": 33}


def test_no_unit_is_invented_where_rounding_overshoots():
    # Quotas 16.6, 16.6, 66.8: rounding each gives 101.
    weights = {"a": Fraction(166), "b": Fraction(166), "c": Fraction(668)}

    units = largest_remainder(100, weights, salt="")

    assert units["c"] == 67
    assert sorted((units["a"], units["b"])) == [16, 17]


def test_the_order_of_keys_is_irrelevant():
    keys = ["a", "b", "c", "d"]

    answers = [
        largest_remainder(2, dict.fromkeys(order, Fraction(1)), salt="r") for order in itertools.permutations(keys)
    ]

    assert all(answer == answers[0] for answer in answers)


def test_ties_favour_nobody_over_time():
    wins = dict.fromkeys("abcde", 0)
    for number in range(2000):
        units = largest_remainder(1, dict.fromkeys("abcde", Fraction(1)), salt=f"round-{number}")
        wins[max(units, key=units.__getitem__)] += 1

    # 400 expected, standard deviation 17.9; the draw is a fixed hash, so this is exact and cannot flicker.
    assert all(330 < count < 470 for count in wins.values())


@pytest.mark.parametrize(
    ("total", "weights"), [(-1, {"a": Fraction(1)}), (1, {"a": Fraction(-1)}), (1, {"a": Fraction(0)}), (1, {})]
)
def test_what_cannot_be_split_is_refused(total, weights):
    with pytest.raises(ValueError, match="apportioned"):
        largest_remainder(total, weights, salt="")


def test_nothing_splits_into_nothing():
    assert largest_remainder(0, {"a": Fraction(0)}, salt="") == {"a": 0}
