import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payouts.core.allocation import Account, AllocationError, Reason, allocate
from payouts.core.policy import SIGNIFICANT, Policy, Rule, bounded_shares

CLIP = Policy(rule=Rule.CLIP)
GATE = Policy(rule=Rule.GATE)
VALUES = st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=1, max_size=8)
POLICIES = st.builds(
    lambda rule, floor, cap, minimum, fee: Policy(
        rule=rule, floor=min(floor, cap), cap=cap, minimum_minor=minimum, fee_basis_points=fee
    ),
    st.sampled_from(list(Rule)),
    st.sampled_from([Fraction(0), Fraction(1, 50), Fraction(1, 5)]),
    st.sampled_from([Fraction(1, 10), Fraction(3, 10), Fraction(1)]),
    st.sampled_from([0, 100, 50_000]),
    st.sampled_from([0, 250, 9999]),
)
CHANCES = Policy()


def account(key, owner_key, value, rows=50):
    return Account(key, owner_key, value, rows)


def accounts_of(values):
    return [account(f"a{index}", f"o{index}", value) for index, value in enumerate(values)]


def split(accounts, *, policy=CLIP, pot_minor=1_000_000, errors=None, salt="round", **options):
    owners = {account.owner_key for account in accounts}
    return allocate(
        accounts,
        owner_errors=errors or dict.fromkeys(owners, 0.01),
        pot_minor=pot_minor,
        policy=policy,
        salt=salt,
        **options,
    )


def owner_amounts(allocation):
    return {owner.key: owner.amount_minor for owner in allocation.owners}


@given(VALUES, st.integers(0, 10**12), POLICIES)
def test_every_unit_of_the_pot_is_accounted_for(values, pot_minor, policy):
    allocation = split(accounts_of(values), pot_minor=pot_minor, policy=policy)

    rest = allocation.fee_minor + allocation.unallocated_minor
    assert sum(owner.amount_minor for owner in allocation.owners) + rest == pot_minor
    assert sum(account.amount_minor for account in allocation.accounts) + rest == pot_minor
    assert all(entry.amount_minor >= 0 for entry in allocation.accounts)


@given(VALUES, st.integers(0, 10**12), POLICIES)
def test_no_amount_is_a_unit_or_more_from_its_quota(values, pot_minor, policy):
    allocation = split(accounts_of(values), pot_minor=pot_minor, policy=policy)

    for owner in allocation.owners:
        assert abs(owner.amount_minor - owner.share * allocation.distributable_minor) < 1


@given(VALUES, st.randoms(use_true_random=False), POLICIES)
def test_the_order_of_sellers_is_irrelevant(values, random, policy):
    accounts = accounts_of(values)
    shuffled = random.sample(accounts, len(accounts))

    assert owner_amounts(split(accounts, policy=policy)) == owner_amounts(split(shuffled, policy=policy))


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8), st.integers(1, 997), POLICIES)
def test_the_unit_of_values_is_irrelevant(values, factor, policy):
    scaled = [float(value * factor) for value in values]

    same = split(accounts_of([float(value) for value in values]), policy=policy)

    assert owner_amounts(same) == owner_amounts(split(accounts_of(scaled), policy=policy))


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=6),
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=5),
    POLICIES,
)
def test_splitting_one_owner_into_accounts_changes_no_owner(values, cuts, policy):
    whole = accounts_of([float(value) for value in values])
    parts = [*cuts, values[0] - sum(cuts)]
    shells = [account(f"shell{index}", "o0", float(part)) for index, part in enumerate(parts)]

    assert owner_amounts(split(whole, policy=policy)) == owner_amounts(split([*shells, *whole[1:]], policy=policy))


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), POLICIES)
def test_bounded_shares_keep_their_bounds_and_sum(values, policy):
    weights = {f"o{index}": Fraction(value) for index, value in enumerate(values)}

    shares = bounded_shares(weights, floor=policy.floor, cap=policy.cap)

    least = min(policy.floor, Fraction(1, len(weights)), policy.cap)
    assert sum(shares.values()) == min(1, len(weights) * policy.cap)
    assert all(least <= share <= policy.cap for share in shares.values())
    between = {share / weights[key] for key, share in shares.items() if least < share < policy.cap}
    assert len(between) <= 1  # owners between the bounds share in exact proportion


def test_negative_values_earn_nothing_and_owe_nothing():
    allocation = split(accounts_of([0.3, -0.1, 0.1]), pot_minor=400)

    assert owner_amounts(allocation) == {"o0": 300, "o1": 0, "o2": 100}
    assert allocation.owners[1].reason is Reason.NOT_POSITIVE


def test_rows_worth_and_rows_harmful_in_two_accounts_of_one_owner_earn_as_in_one():
    # docs/mathematics.md section 4: +.10 and -.06 beside three sellers at .10; on accounts the split would earn 25 %.
    others = [account(f"b{index}", f"b{index}", 100.0) for index in range(3)]

    together = split([account("x", "x", 40.0), *others], pot_minor=340)
    apart = split([account("x1", "x", 100.0), account("x2", "x", -60.0), *others], pot_minor=340)

    assert owner_amounts(together)["x"] == owner_amounts(apart)["x"] == 40
    assert [(entry.key, entry.amount_minor) for entry in apart.accounts[:2]] == [("x1", 40), ("x2", 0)]


def test_a_share_is_paid_only_where_its_lower_bound_is_above_zero():
    allocation = split(
        accounts_of([0.5, 0.5, 0.01]), policy=GATE, pot_minor=100, errors={"o0": 0.05, "o1": 0.05, "o2": 0.006}
    )

    assert owner_amounts(allocation) == {"o0": 50, "o1": 50, "o2": 0}
    assert allocation.owners[2].reason is Reason.NOT_SIGNIFICANT


def test_a_lower_bound_of_exactly_zero_is_not_above_zero():
    allocation = split(accounts_of([SIGNIFICANT]), policy=GATE, pot_minor=100, errors={"o0": 1.0})

    assert allocation.nothing_paid


def test_under_the_rule_of_chances_every_value_above_zero_is_paid_by_its_chance():
    values, errors = [1.0, 1.1, 0.9, 0.4, -0.1], dict.fromkeys(("o0", "o1", "o2", "o3", "o4"), 0.25)

    allocation = split(accounts_of(values), policy=CHANCES, errors=errors)

    weights = [Fraction(owner.chance) * owner.value for owner in allocation.owners[:4]]
    assert [owner.share for owner in allocation.owners] == [*(weight / sum(weights) for weight in weights), 0]
    assert all(owner.chance > 0.97 for owner in allocation.owners[:3])
    assert 0.5 < allocation.owners[3].chance < 0.97
    assert [owner.reason for owner in allocation.owners] == [*[Reason.PROPORTIONAL] * 4, Reason.NOT_POSITIVE]


def test_values_known_exactly_are_paid_as_if_clipped():
    values, errors = [0.3, 0.1, -0.2, 1e-9], dict.fromkeys(("o0", "o1", "o2", "o3"), 0.0)

    exact = split(accounts_of(values), policy=CHANCES, errors=errors)

    assert [owner.share for owner in exact.owners] == [owner.share for owner in split(accounts_of(values)).owners]


@pytest.mark.parametrize(
    ("policy", "counted"), [(CLIP, [1.0, 1.0, 1.0]), (GATE, [1.0, 0.0, 0.0])], ids=["clip", "gate"]
)
def test_under_the_other_rules_a_value_counts_in_full_or_not_at_all(policy, counted):
    allocation = split(accounts_of([1.0, 0.1, -1.0]), policy=policy, errors=dict.fromkeys(("o0", "o1", "o2"), 0.2))

    assert [owner.chance for owner in allocation.owners] == counted


def test_no_cliff_a_little_more_value_is_a_little_more_money():
    """The gate pays +3.02 nothing beside +2.82 in full, because one is 1.95 errors above 0 and the other 1.97."""

    def amounts(policy):
        values, errors = accounts_of([1.95, 1.97, 20.0]), {"o0": 1.0, "o1": 1.0, "o2": 1.0}
        return owner_amounts(split(values, policy=policy, errors=errors))

    assert amounts(GATE)["o0"] == 0 < amounts(GATE)["o1"]
    assert 0.97 < amounts(CHANCES)["o0"] / amounts(CHANCES)["o1"] < 1


@pytest.mark.parametrize("policy", [CLIP, GATE, CHANCES, Policy(fee_basis_points=500)])
def test_where_all_rows_together_beat_nothing_the_whole_pot_stays_the_buyers(policy):
    allocation = split(accounts_of([0.3, 0.1, -0.1]), policy=policy, pot_minor=777, pot_significant=False)

    assert allocation.nothing_paid
    assert (allocation.fee_minor, allocation.unallocated_minor) == (0, 777)
    reasons = {entry.reason for entry in (*allocation.owners, *allocation.accounts)}
    assert reasons == {Reason.NOTHING_TO_SHARE}


@pytest.mark.parametrize("values", [[], [0.0], [-0.5, -0.1]])
def test_without_a_positive_value_nothing_is_paid_and_the_result_says_so(values):
    allocation = split(accounts_of(values), policy=Policy(rule=Rule.CLIP, fee_basis_points=500), pot_minor=777)

    assert allocation.nothing_paid
    assert (allocation.fee_minor, allocation.unallocated_minor) == (0, 777)
    assert all(entry.amount_minor == 0 for entry in allocation.accounts)


def test_a_cap_passes_the_excess_on_and_says_so():
    allocation = split(accounts_of([6.0, 3.0, 1.0]), policy=Policy(rule=Rule.CLIP, cap=Fraction(2, 5)))

    assert owner_amounts(allocation) == {"o0": 400_000, "o1": 400_000, "o2": 200_000}
    assert [owner.reason for owner in allocation.owners] == [Reason.CAPPED, Reason.CAPPED, Reason.PROPORTIONAL]


def test_a_cap_that_binds_everybody_leaves_the_rest_to_the_buyer():
    allocation = split(accounts_of([3.0, 1.0]), policy=Policy(rule=Rule.CLIP, cap=Fraction(3, 10)))

    assert owner_amounts(allocation) == {"o0": 300_000, "o1": 300_000}
    assert allocation.unallocated_minor == 400_000


def test_a_floor_is_taken_from_those_above_it():
    allocation = split(accounts_of([6.0, 3.0, 1.0]), policy=Policy(rule=Rule.CLIP, floor=Fraction(1, 4)))

    assert owner_amounts(allocation) == {"o0": 500_000, "o1": 250_000, "o2": 250_000}
    assert [owner.reason for owner in allocation.owners] == [Reason.PROPORTIONAL, Reason.FLOORED, Reason.FLOORED]


def test_an_amount_below_the_minimum_stays_its_owners():
    allocation = split(accounts_of([9.0, 1.0]), policy=Policy(rule=Rule.CLIP, minimum_minor=101), pot_minor=1000)

    assert owner_amounts(allocation) == {"o0": 900, "o1": 100}
    assert allocation.owners[1].reason is Reason.BELOW_MINIMUM


def test_a_share_below_the_smallest_amount_is_rounded_to_nothing_and_says_so():
    allocation = split(
        [account("a", "o", 100.0), account("b", "p", 1.0), account("c", "o", 0.1)],
        policy=Policy(rule=Rule.CLIP, minimum_minor=5),
        pot_minor=10,
    )

    assert owner_amounts(allocation) == {"o": 10, "p": 0}
    assert [(account.key, account.amount_minor, account.reason) for account in allocation.accounts] == [
        ("a", 10, Reason.PROPORTIONAL),
        ("b", 0, Reason.ROUNDED_TO_NOTHING),
        ("c", 0, Reason.ROUNDED_TO_NOTHING),
    ]


def test_the_fee_is_rounded_down():
    allocation = split(accounts_of([1.0]), policy=Policy(rule=Rule.CLIP, fee_basis_points=250), pot_minor=1099)

    assert (allocation.fee_minor, owner_amounts(allocation)) == (27, {"o0": 1072})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_an_error_not_a_zero(value):
    with pytest.raises(AllocationError, match="not finite"):
        split(accounts_of([0.5, value]))


def test_repeated_keys_missing_bounds_and_negative_pots_are_refused():
    with pytest.raises(AllocationError, match="unique"):
        split([account("a", "o", 1.0), account("a", "o", 1.0)])
    with pytest.raises(AllocationError, match="no error"):
        split([account("a", "o", 1.0)], errors={"p": 1.0})
    with pytest.raises(AllocationError, match="error is not finite"):
        split([account("a", "o", 1.0)], errors={"o": -1.0})
    with pytest.raises(AllocationError, match="negative"):
        split([account("a", "o", 1.0)], pot_minor=-1)
    for policy in (CLIP, GATE, CHANCES):
        with pytest.raises(AllocationError, match="'a' has -3 rows; nobody has fewer than none"):
            split([Account(key="a", owner_key="o", value=1.0, rows=-3)], policy=policy)


@pytest.mark.parametrize(
    "parameters",
    [
        {"cap": Fraction(0)},
        {"cap": Fraction(2)},
        {"floor": Fraction(1, 2), "cap": Fraction(1, 3)},
        {"floor": Fraction(-1, 2)},
        {"minimum_minor": -1},
        {"fee_basis_points": 10_000},
        {"negative": "carry"},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(parameters):
    with pytest.raises(ValueError, match=r"must|between"):
        Policy(**parameters)


@given(st.lists(st.floats(min_value=1e-300, max_value=1e300), min_size=2, max_size=5))
def test_values_of_any_magnitude_are_shared_exactly(values):
    assume(all(math.isfinite(value) for value in values))

    allocation = split(accounts_of(values))

    assert sum(owner.share for owner in allocation.owners) == 1
