"""What may be said of an attack and of a property, on constructed figures: what was not tried never passes."""

import pytest

from payouts.core.verdicts import AttackVerdict, PropertyVerdict, amount_at_stake, of_distances, of_gain, of_kind

PAYS, UNSAID = AttackVerdict.PAYS, AttackVerdict.NOTHING_CAN_BE_SAID
NOTHING, UNTRIED = AttackVerdict.GAINS_NOTHING, AttackVerdict.NOT_TRIED


@pytest.mark.parametrize(
    ("gain", "half", "amount", "verdict"),
    [
        (101, 100.0, 1_000, PAYS),
        (100, 100.0, 1_000, NOTHING),
        (-500, 100.0, 1_000, NOTHING),
        (0, 1_000.0, 1_000, NOTHING),
        (0, 1_000.5, 1_000, UNSAID),
        (999, 1_500.0, 1_000, UNSAID),
        (1_501, 1_500.0, 1_000, PAYS),  # a gain beyond its interval pays, however wide that is
        (0, 0.0, 0, NOTHING),
    ],
)
def test_a_gain_is_judged_by_its_interval_and_the_interval_by_the_amount(gain, half, amount, verdict):
    assert of_gain(gain, half_width_minor=half, amount_minor=amount) is verdict


@pytest.mark.parametrize(
    ("before", "after", "honest", "stake"),
    [
        (300, 500, True, 500),
        (500, 300, True, 500),
        (0, 0, True, 2_000),  # somebody unpaid: an even share
        (0, 30, True, 30),
        (0, 30, False, 2_000),  # a stranger: an even share, or what it gets if that is more
        (0, 2_500, False, 2_500),
    ],
)
def test_the_amount_at_stake(before, after, honest, stake):
    assert amount_at_stake(before, after, even_share_minor=2_000, pieces=5, honest=honest) == stake


def test_what_rounding_alone_may_move_hides_nothing():
    stake = amount_at_stake(1, 1, even_share_minor=2_000, pieces=5, honest=True)

    assert stake == 5
    assert of_gain(0, half_width_minor=5.0, amount_minor=stake) is NOTHING


@pytest.mark.parametrize(
    ("tries", "verdict"),
    [
        ([], UNTRIED),
        ([NOTHING, NOTHING], NOTHING),
        ([NOTHING, UNSAID], UNSAID),
        ([NOTHING, UNSAID, PAYS], PAYS),
    ],
)
def test_a_kind_is_judged_by_its_worst_try(tries, verdict):
    assert of_kind(tries) is verdict


@pytest.mark.parametrize(
    ("distances", "verdict"),
    [
        ([], PropertyVerdict.NOT_TRIED),
        ([(0.01, 0.02, 0.1), (0.0, 0.1, 0.1)], PropertyVerdict.HOLDS),
        ([(0.01, 0.02, 0.1), (0.0, 0.11, 0.1)], PropertyVerdict.NOTHING_CAN_BE_SAID),
        ([(0.03, 0.02, 0.1), (0.0, 0.11, 0.1)], PropertyVerdict.DOES_NOT_HOLD),
    ],
)
def test_a_property_is_judged_by_all_that_was_compared(distances, verdict):
    assert of_distances(distances) is verdict
