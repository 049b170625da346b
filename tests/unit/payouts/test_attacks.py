"""What splitting, worthless accounts and copying gain under the policies of a round."""

from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payouts.core.attacks import Cells, bounded_in_floats, gain
from payouts.core.policy import BASIS_POINTS, Policy, Rule, bounded_shares

POT = 1_000_000


def tried(values, before, after, controlled, *, deviation=1e-4, policy=None):
    values = np.array(values)
    return gain(
        Cells(values, np.eye(values.size) * deviation**2),
        before=before,
        after=after,
        controlled=frozenset(controlled),
        pot_minor=POT,
        policy=policy or Policy(rule=Rule.GATE),
        salt="test",
        comparisons=10,
        rng=np.random.default_rng(0),
    )


def test_equal_shells_of_a_good_seller_gain_nothing():
    found = tried([0.02] * 5 + [0.1], [*"aaaaa", "b"], [*"vwxyz", "b"], "avwxyz")

    assert found.before_minor == found.after_minor == POT // 2
    assert not found.pays


def test_hiding_bad_rows_in_a_shell_of_their_own_pays_unless_the_shells_are_linked():
    """docs/mathematics.md section 4: they earn 11.8 % of the pot in one account, 25 % in two."""
    values = [0.10, -0.06, 0.10, 0.10, 0.10]

    apart = tried(values, [*"aabcd"], [*"axbcd"], "ax")
    linked = tried(values, [*"aabcd"], [*"aabcd"], "a")

    assert apart.before_minor == pytest.approx(0.04 / 0.34 * POT, abs=1)
    assert apart.after_minor == POT // 4
    assert apart.pays
    assert linked.gain_minor == 0


def test_a_cap_rewards_splitting_until_owners_are_linked():
    values, capped = [0.2, 0.2, 0.1, 0.1, 0.1], Policy(rule=Rule.GATE, cap=Fraction(3, 10))

    apart = tried(values, [*"aabcd"], [*"axbcd"], "ax", policy=capped)
    linked = tried(values, [*"aabcd"], [*"aabcd"], "a", policy=capped)

    assert apart.before_minor == 300_000
    assert apart.after_minor == pytest.approx(4 / 7 * POT, abs=1)
    assert apart.pays
    assert linked.gain_minor == 0


def test_worthless_accounts_collect_noise_without_the_gate_and_nothing_with_it():
    rng = np.random.default_rng(1)
    values = [0.1, *rng.normal(0, 0.004, 20)]
    strangers = [f"stranger {number}" for number in range(20)]
    before, after = ["a", *[None] * 20], ["a", *strangers]

    gated = tried(values, before, after, strangers, deviation=0.004)
    open_to_all = tried(values, before, after, strangers, deviation=0.004, policy=Policy(rule=Rule.CLIP))

    assert gated.before_minor == 0
    assert gated.gain_minor <= gated.half_width_minor
    assert open_to_all.gain_minor > 10 * gated.gain_minor


def test_worthless_accounts_fade_under_the_rule_of_chances():
    rng = np.random.default_rng(1)
    values = [*rng.normal(0.1, 0.02, 12), *rng.normal(0, 0.02, 20)]
    honest, strangers = [f"seller {number}" for number in range(12)], [f"stranger {number}" for number in range(20)]
    before, after = [*honest, *[None] * 20], [*honest, *strangers]

    chances, clipped = (
        tried(values, before, after, strangers, deviation=0.02, policy=Policy(rule=rule))
        for rule in (Rule.CHANCE, Rule.CLIP)
    )

    assert chances.gain_minor < clipped.gain_minor / 4


def test_rows_of_cells_count_under_the_rule_of_chances():
    """A value of ten rows that a thousand should have is rather noise; the same value of ten is theirs."""
    values, owners = [0.1, 0.1, 0.1, 0.02], [*"abcd"]

    def paid(rows):
        cells = Cells(np.array(values), np.eye(4) * 0.015**2, np.array(rows))
        found = gain(
            cells, before=owners, after=owners, controlled=frozenset("d"), pot_minor=POT, policy=Policy(),
            salt="test", comparisons=1, rng=np.random.default_rng(0),
        )  # fmt: skip
        return found.after_minor

    assert paid([100, 100, 100, 1_000]) < 0.9 * paid([100, 100, 100, 20])


def test_chance_alone_makes_no_split_pay_under_the_rule_of_chances():
    """Shells of one honest seller: over 40 worlds no gain exceeds its interval, which is no wider than it must be."""
    rng = np.random.default_rng(2)
    worth, deviation = np.array([*rng.normal(0.1, 0.02, 8), 0.0, 0.0]), 0.03
    honest = [*["seller"] * 3, *(f"other {number}" for number in range(7))]
    cut = [*(f"shell {number}" for number in range(3)), *honest[3:]]
    controlled = {"seller", "shell 0", "shell 1", "shell 2"}

    found = [
        tried(
            worth + deviation * rng.standard_normal(worth.size),
            honest,
            cut,
            controlled,
            deviation=deviation,
            policy=Policy(),
        )
        for _ in range(40)
    ]

    assert not any(each.pays for each in found)
    scatter = np.std([each.gain_minor for each in found], ddof=1)
    # Bonferroni's quantile of ten comparisons. Draws around values that are noisy themselves bend at 0 twice over.
    assert np.mean([each.half_width_minor for each in found]) < 2 * NormalDist().inv_cdf(1 - 0.05 / 20) * scatter


def test_a_copy_is_paid_until_its_rows_are_left_out():
    values, before = [0.05, 0.05, 0.1], ["a", None, "b"]

    assert tried(values, before, ["a", "copier", "b"], ["copier"]).after_minor == POT // 4
    assert tried(values, before, before, ["copier"]).after_minor == 0


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=2, max_size=6),
    cap=st.integers(2, 10),
    rule=st.sampled_from(list(Rule)),
)
def test_accounts_of_one_owner_never_gain_by_being_several(values, cap, rule):
    owners = ["a" if place < 2 else f"other {place}" for place in range(len(values))]
    policy = Policy(cap=Fraction(cap, 10), rule=rule)

    assert tried(values, owners, owners, "a", policy=policy).gain_minor == 0


@settings(max_examples=200, deadline=None)
@given(
    rows=st.integers(1, 6).flatmap(
        lambda owners: st.lists(
            st.lists(st.just(0.0) | st.floats(1e-6, 1e3), min_size=owners, max_size=owners), min_size=1, max_size=4
        )
    ),
    cap=st.integers(1, BASIS_POINTS),
    data=st.data(),
)
def test_the_float_twin_of_the_bounds_agrees_with_the_exact_shares(rows, cap, data):
    """Draws are bounded 2,000 at once in floats, amounts one by one in fractions: the two must not drift apart."""
    cap = Fraction(cap, BASIS_POINTS)
    floor = Fraction(data.draw(st.integers(0, int(cap * BASIS_POINTS))), BASIS_POINTS)

    found = bounded_in_floats(np.array(rows), floor, cap)

    for row, shares in zip(rows, found, strict=True):
        paid = {str(place): Fraction(value) for place, value in enumerate(row) if value > 0}
        exact = bounded_shares(paid, floor=floor, cap=cap)
        assert shares == pytest.approx([float(exact.get(str(place), 0)) for place in range(len(row))], abs=1e-9)
