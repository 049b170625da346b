"""Shares of draws rounded at random, and sums over sizes of which some are unknown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.baselines.size_strata import SumOverSizes
from valuation.core.sampling.coalition_draws import coalitions_of, kernel_sizes, shared_out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=30), st.integers(0, 500), st.integers(0, 2**32 - 1))
def test_shares_are_rounded_to_a_neighbour_and_keep_their_sum(weights, total, seed):
    shares = total * np.array(weights) / sum(weights)

    counts = shared_out(shares, np.random.default_rng(seed))

    assert counts.sum() == total
    assert (np.abs(counts - shares) < 1 + 1e-9).all()


def test_rounding_has_the_share_as_its_expectation():
    shares = np.array([0.3, 1.25, 0.05, 2.4])
    rng = np.random.default_rng(0)

    mean = np.mean([shared_out(shares, rng) for _ in range(4000)], axis=0)

    np.testing.assert_allclose(mean, shares, atol=0.04)


def test_coalitions_have_their_sizes_and_hold_every_row_alike():
    sizes = np.repeat([0, 1, 3, 5], 2000)

    coalitions = coalitions_of(sizes, 5, np.random.default_rng(1))

    np.testing.assert_array_equal(coalitions.sum(axis=1), sizes)
    assert coalitions[sizes == 3].mean(axis=0) == pytest.approx(0.6, abs=0.05)


def test_kernel_sizes_by_hand():
    np.testing.assert_allclose(kernel_sizes(4), np.array([4, 3, 4]) / 11)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=25), st.integers(0, 2**32 - 1))
def test_unknown_sizes_are_interpolated(known_at, seed):
    """``numpy.interp`` does the same: straight lines between what is known, level beyond."""
    n_sizes = len(known_at)
    rng = np.random.default_rng(seed)
    known = np.column_stack([known_at, rng.random(n_sizes) < 0.5, np.zeros(n_sizes, dtype=bool)])
    values = rng.normal(size=(n_sizes, 3))
    total = SumOverSizes(3, 1, n_sizes)

    for at in np.flatnonzero(known.any(axis=1)):
        total.add(at + 1, known[at], values[at], np.ones(3))
    sums, variances = total.finished()

    sizes = np.arange(n_sizes)
    for column in range(3):
        at = sizes[known[:, column]]
        if not at.size:
            assert (sums[column], variances[column]) == (0, 0)
            continue
        assert sums[column] == pytest.approx(np.interp(sizes, at, values[at, column]).sum(), abs=1e-9)
        weights = [np.interp(sizes, at, at == one).sum() for one in at]
        assert variances[column] == pytest.approx(np.square(weights).sum(), rel=1e-9)
