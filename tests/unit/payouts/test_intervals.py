import math
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from payouts.core.allocation import Account, allocate
from payouts.core.intervals import Interval, money_interval, share_intervals, sum_by_owner, value_intervals
from payouts.core.policy import Policy, Rule

Z = NormalDist().inv_cdf(0.975)


def allocation_of(values, owners=None, gated=(), **policy):
    owners = owners or [f"o{index}" for index in range(len(values))]
    accounts = [
        Account(f"a{index}", owner, value, 50) for index, (owner, value) in enumerate(zip(owners, values, strict=True))
    ]
    return allocate(
        accounts,
        # The gate lets an owner through whose value is known exactly, and none that is known to no better than itself.
        owner_errors={owner: 1.0 if owner in gated else 0.0 for owner in owners},
        pot_minor=1_000_000,
        policy=Policy(rule=Rule.GATE if gated else Rule.CLIP, **policy),
        salt="round",
    )


def test_value_intervals_follow_the_diagonal():
    intervals = value_intervals([0.2, 0.1], [[0.0004, 0.0], [0.0, 0.0001]])

    assert intervals[0].lower == pytest.approx(0.2 - Z * 0.02)
    assert intervals[1].upper == pytest.approx(0.1 + Z * 0.01)


def test_accounts_of_one_owner_add_up_with_their_covariance():
    owners, values, covariance = sum_by_owner(
        [0.1, 0.2, 0.3], [[0.04, -0.04, 0.0], [-0.04, 0.04, 0.0], [0.0, 0.0, 0.01]], ["x", "x", "y"]
    )

    assert owners == ("x", "y")
    np.testing.assert_allclose(values, [0.3, 0.3])
    np.testing.assert_allclose(covariance, [[0.0, 0.0], [0.0, 0.01]], atol=1e-18)


def test_share_intervals_are_the_delta_method():
    values, covariance = np.array([0.3, 0.1]), np.diag([0.0009, 0.0001])

    first, second = share_intervals(allocation_of(values), covariance)

    # s = v1 / (v1 + v2): ds = (v2 dv1 - v1 dv2) / V^2, and the second share moves against the first.
    deviation = math.sqrt(0.1**2 * 0.0009 + 0.3**2 * 0.0001) / 0.4**2
    assert first.lower == pytest.approx(0.75 - Z * deviation)
    assert second.upper == pytest.approx(0.25 + Z * deviation)


def test_share_intervals_agree_with_simulation():
    values = np.array([0.5, 0.3, 0.15, 0.05])
    factor = np.array([[4, 1, 0, 0], [0, 3, 1, 0], [0, 0, 2, 1], [0, 0, 0, 2]]) * 1e-3
    covariance = factor @ factor.T

    intervals = share_intervals(allocation_of(values), covariance)

    draws = np.random.default_rng(3).multivariate_normal(values, covariance, size=20_000)
    shares = draws / draws.sum(axis=1, keepdims=True)
    covered = [np.mean((shares[:, g] >= i.lower) & (shares[:, g] <= i.upper)) for g, i in enumerate(intervals)]
    np.testing.assert_allclose(covered, 0.95, atol=0.006)  # four standard errors of a proportion over 20,000 draws


def test_shares_of_accounts_of_one_owner_follow_the_product_rule():
    values = np.array([0.2, 0.1, 0.3])
    covariance = np.diag([4e-6, 1e-6, 9e-6])

    intervals = share_intervals(allocation_of(values, ["x", "x", "y"]), covariance)

    draws = np.random.default_rng(5).multivariate_normal(values, covariance, size=20_000)
    shares = draws / draws.sum(axis=1, keepdims=True)
    np.testing.assert_allclose([i.upper for i in intervals], np.quantile(shares, 0.975, axis=0), atol=2e-4)


def test_a_single_seller_is_certain_of_its_share():
    (interval,) = share_intervals(allocation_of([0.4]), [[0.01]])

    assert (interval.lower, interval.upper) == (pytest.approx(1.0, abs=1e-15), 1.0)


def test_where_nothing_is_paid_there_is_nothing_to_be_unsure_of():
    assert share_intervals(allocation_of([-0.4, 0.0]), np.eye(2)) == (Interval(0.0, 0.0), Interval(0.0, 0.0))


def test_a_seller_that_earns_nothing_sees_how_close_it_was():
    _, unpaid = share_intervals(allocation_of([0.4, -0.01]), np.diag([0.0, 0.0001]))

    would_count = -0.01 + Z * 0.01
    assert unpaid.lower == 0.0
    assert unpaid.upper == pytest.approx(would_count / (0.4 + would_count))


def test_several_gated_sellers_are_each_measured_against_the_paid_ones_alone():
    paid, second, third, certain = share_intervals(
        allocation_of([0.04, 0.02, 0.01, -0.01], gated=["o1", "o2"]), np.diag([0.0, 0.0, 0.0001, 0.0])
    )

    would_count = 0.01 + Z * 0.01
    assert paid == Interval(1.0, 1.0)
    assert (second.lower, second.upper) == (0.0, pytest.approx(0.02 / (0.04 + 0.02)))
    assert (third.lower, third.upper) == (0.0, pytest.approx(would_count / (0.04 + would_count)))
    assert certain == Interval(0.0, 0.0)


def test_accounts_of_a_gated_owner_split_what_it_would_take():
    allocation = allocation_of([0.04, 0.015, 0.005], ["x", "y", "y"], gated=["y"])
    together = 1e-4 * np.array([[0.0, 0.0, 0.0], [0.0, 1.0, -0.5], [0.0, -0.5, 1.0]])

    _, larger, smaller = share_intervals(allocation, together)

    would_count = 0.02 + Z * 0.01
    whole = would_count / (0.04 + would_count)
    assert larger.upper == pytest.approx(0.75 * whole)
    assert smaller.upper == pytest.approx(0.25 * whole)


def test_what_a_gated_seller_would_take_obeys_floor_and_cap():
    bounds = {"floor": Fraction(1, 5), "cap": Fraction(1, 2)}
    allocation = allocation_of([0.4, 0.4, 0.9, 0.01], gated=["o2", "o3"], **bounds)

    _, _, capped, floored = share_intervals(allocation, np.zeros((4, 4)), **bounds)

    assert capped.upper == 0.5
    assert floored.upper == 0.2


def test_the_cap_bounds_the_interval_too():
    allocation = allocation_of([6.0, 3.0, 1.0], cap=Fraction(1, 2))

    capped, *_ = share_intervals(allocation, np.diag([0.01, 0.01, 0.01]), cap=Fraction(1, 2))

    assert capped.upper == 0.5
    assert capped.lower <= 0.5


@given(
    hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(-1, 1)),
    st.sampled_from([Fraction(0), Fraction(1, 10)]),
    st.sampled_from([Fraction(1, 5), Fraction(1)]),
    st.floats(0, 0.5),
)
@example(np.array([2.3e-308, 2.3e-308, 1.0, 1.0, 1.0, 1.0]), Fraction(0), Fraction(1, 5), 0.5)
def test_every_interval_holds_its_share_inside_zero_and_one(values, floor, cap, noise):
    allocation = allocation_of(values.tolist(), floor=floor, cap=cap)

    intervals = share_intervals(allocation, np.eye(values.size) * noise**2, floor=floor, cap=cap)

    for account, interval in zip(allocation.accounts, intervals, strict=True):
        assert 0 <= interval.lower <= float(account.share) <= interval.upper <= 1


@pytest.mark.parametrize(("honest", "nulls", "worlds"), [(5, 0, 150), (4, 2, 150), (40, 10, 15)])
@pytest.mark.parametrize("z", [2.0, 6.0])
def test_intervals_under_the_rule_of_chances_hold_what_sellers_are_truly_due(honest, nulls, worlds, z):
    rng = np.random.default_rng(11)
    names = [f"{place:02d}" for place in range(honest + nulls)]
    held = []
    for _ in range(worlds):
        worth = np.concatenate([np.abs(rng.normal(1.0, 0.3, honest)), np.zeros(nulls)])
        values = worth + rng.standard_normal(worth.size) / z
        allocation = allocate(
            [Account(name, name, value, 50) for name, value in zip(names, values.tolist(), strict=True)],
            owner_errors=dict.fromkeys(names, 1 / z),
            pot_minor=1_000_000,
            policy=Policy(),
            salt="round",
        )
        intervals = share_intervals(allocation, np.eye(worth.size) / z**2)
        due = worth / worth.sum()
        held.append([interval.lower <= share <= interval.upper for interval, share in zip(intervals, due, strict=True)])

    # Three standard errors of a proportion over the 600 to 900 sellers of all worlds.
    assert np.mean([row[:honest] for row in held]) >= 0.925
    assert not nulls or np.mean([row[honest:] for row in held]) >= 0.925


def test_under_the_rule_of_chances_an_interval_has_two_unlike_sides():
    """Below, the chance falls with the value; above, it cannot rise over 1."""
    allocation = allocate(
        [Account(f"{place}", f"{place}", value, 50) for place, value in enumerate([1.0, 1.0, 1.0, 0.4])],
        owner_errors=dict.fromkeys("0123", 0.2),
        pot_minor=1_000_000,
        policy=Policy(),
        salt="round",
    )

    *_, unsure = share_intervals(allocation, np.eye(4) * 0.04)

    share = float(allocation.accounts[3].share)
    assert unsure.lower < 0.02
    assert unsure.upper - share > 1.1 * (share - unsure.lower)


def test_money_is_rounded_outward():
    money = money_interval(Interval(0.12345, 0.23451), distributable_minor=10_000, amount_minor=1800)

    assert (money.lower_minor, money.upper_minor) == (1234, 2346)


def test_the_interval_of_an_amount_holds_the_amount_the_largest_remainder_gave():
    third = Interval(1 / 3, 1 / 3)

    assert money_interval(third, distributable_minor=100, amount_minor=34).upper_minor == 34
    assert money_interval(third, distributable_minor=100, amount_minor=33).lower_minor == 33


@pytest.mark.parametrize("covariance", [[[1.0, 0.0]], [[math.nan, 0.0], [0.0, 1.0]]])
def test_shapes_and_figures_are_checked(covariance):
    with pytest.raises(ValueError, match="covariance"):
        value_intervals([0.1, 0.2], covariance)
