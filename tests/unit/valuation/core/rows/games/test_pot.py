"""How a pot is divided: sums, the limit, the fade, and negative pots."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from valuation.core.rows.games.pot import pot_shares

numbers = st.floats(-1, 1).map(lambda x: round(x, 4))


def shares(psi, pot=1.0, sizes=None, alone=None, limit=2.0):
    psi = np.asarray(psi, dtype=float)
    sizes = np.ones(len(psi)) if sizes is None else np.asarray(sizes, dtype=float)
    alone = np.ones(len(psi)) if alone is None else np.asarray(alone, dtype=float)
    return pot_shares(psi, pot, sizes=sizes, alone=lambda: alone, limit=limit)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 8).flatmap(lambda n: arrays(np.float64, (3, n), elements=numbers)), st.sampled_from([-1.0, 1.0]))
def test_shares_sum_to_one_within_the_limit_and_fade_no_more_than_they_must(drawn, pot):
    psi, alone, sizes = drawn[0], drawn[1], 1 + np.abs(drawn[2])

    found, faded = shares(psi, pot, sizes, alone)

    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.abs(found).sum() <= 2.0 + 1e-9
    basis = psi if pot > 0 else psi.max() + psi.min() - psi if psi.sum() > 0 else -psi
    if faded and basis.sum() > 1e-9:
        assert np.abs(found).sum() == pytest.approx(2.0, abs=1e-9)


def test_agreeing_signs_are_rescaled_and_no_weight_is_asked_for():
    def never():
        pytest.fail("weights were asked for")

    found, faded = pot_shares(np.array([1.0, 3.0]), 0.5, sizes=np.ones(2), alone=never, limit=2.0)

    assert (found.tolist(), faded) == ([0.25, 0.75], False)


def test_exploding_shares_fade_to_the_limit():
    # plain shares (2.25, -1.25); (1 - theta) (2.25, -1.25) + theta (1/2, 1/2) has absolute sum 2 at theta = 3/7
    found, faded = shares([0.9, -0.5])

    np.testing.assert_allclose(found, [1.5, -0.5], atol=1e-12)
    assert faded


def test_weights_that_are_zero_leave_a_child_its_negative_share():
    found, faded = shares([0.9, -0.5], alone=[1.0, 0.0])

    np.testing.assert_allclose(found, [1.5, -0.5], atol=1e-12)
    assert faded


@pytest.mark.parametrize("psi", [[0.5, -0.5], [0.0, 0.0], [-0.2, -0.1], [0.1 + 0.2, -0.3]])
def test_a_sum_that_is_not_positive_beyond_rounding_leaves_the_weights(psi):
    assert shares(psi, alone=[1.5, 0.5]) == (pytest.approx([0.75, 0.25]), True)


def test_weights_are_by_rows_where_no_child_helps_alone():
    assert shares([0.0, 0.0], sizes=[1, 3], alone=[-0.1, 0.0])[0].tolist() == [0.25, 0.75]


def test_of_a_negative_pot_the_child_that_helps_least_bears_most():
    np.testing.assert_allclose(shares([0.1, 0.2, 0.3], pot=-1.0)[0], [0.5, 1 / 3, 1 / 6], atol=1e-12)


def test_of_a_negative_pot_the_child_that_harms_most_bears_most():
    np.testing.assert_allclose(shares([-0.1, -0.2, -0.3], pot=-1.0)[0], [1 / 6, 1 / 3, 0.5], atol=1e-12)


def test_of_a_negative_pot_weights_are_by_rows():
    found, faded = shares([0.0, 0.0], pot=-1.0, sizes=[1, 3], alone=[1.0, 0.0])

    assert (found.tolist(), faded) == ([0.25, 0.75], True)
