"""Rows by kind: their means, and errors that count repetitions and rows alike."""

import numpy as np
import pytest

from valuation.core.errors import InvalidDataError
from valuation.core.rows.row_kinds import mean_by_kind


def test_means_and_differences_of_two_kinds_are_those_of_their_rows():
    rng = np.random.default_rng(1)
    values, kinds = rng.normal(size=(4, 60)), np.repeat([0, 1], [20, 40])

    found = mean_by_kind(values, kinds)

    assert found.kinds.tolist() == [0, 1]
    assert found.rows.tolist() == [20, 40]
    means = [values[:, :20].mean(), values[:, 20:].mean()]
    np.testing.assert_allclose(found.means, means, atol=1e-15)
    np.testing.assert_allclose(found.ahead, [means[0] - means[1], means[1] - means[0]], atol=1e-15)
    assert found.ahead_standard_errors[0] == pytest.approx(found.ahead_standard_errors[1])


def test_errors_hold_the_scatter_of_repetitions_and_of_rows():
    """Repetitions that only shift all rows of a kind leave nothing but their own scatter, and the other way round."""
    kinds = np.repeat([0, 1], 30)
    shifts = np.array([-0.3, -0.1, 0.1, 0.3])
    shifted = np.where(kinds == 0, shifts[:, None], 0.0)
    rows = np.tile(np.random.default_rng(2).normal(size=60), (4, 1))

    by_repetition, by_row = mean_by_kind(shifted, kinds), mean_by_kind(rows, kinds)

    # Student's variance of three degrees of freedom is 3.
    assert by_repetition.standard_errors[0] == pytest.approx(np.sqrt(3 * shifts.var(ddof=1) / 4))
    assert by_repetition.standard_errors[1] == 0.0
    errors = [rows[0, kinds == kind].std(ddof=1) / np.sqrt(30) for kind in (0, 1)]
    np.testing.assert_allclose(by_row.standard_errors, errors, rtol=1e-12)
    assert by_row.ahead_standard_errors[0] == pytest.approx(np.hypot(*errors))


def test_intervals_hold_the_difference_that_other_rows_and_other_trees_would_show():
    """Values are drawn with a shift a kind and repetition, and noise a row: 95 % intervals hold the true difference."""
    rng, held, runs = np.random.default_rng(3), 0, 2000
    kinds = np.repeat([0, 1], [25, 75])
    for _ in range(runs):
        values = rng.normal(size=100) + rng.normal(scale=0.2, size=(4, 2))[:, kinds] + 0.5 * (kinds == 0)
        found = mean_by_kind(values, kinds)
        held += abs(found.ahead[0] - 0.5) <= 1.96 * found.ahead_standard_errors[0]

    assert 0.94 <= held / runs <= 0.98


def test_kinds_of_few_rows_are_not_compared():
    kinds = np.repeat([0, 1, 2], [19, 30, 60])

    assert mean_by_kind(np.zeros((4, 109)), kinds).kinds.tolist() == [1, 2]
    assert mean_by_kind(np.zeros((4, 49)), kinds[:49]).kinds.size == 0
    assert mean_by_kind(np.zeros((4, 30)), np.zeros(30, dtype=np.int64)).kinds.size == 0
    assert mean_by_kind(np.zeros((4, 0)), np.zeros(0, dtype=np.int64)).kinds.size == 0


@pytest.mark.parametrize(
    ("repetitions", "kinds", "rows_min"),
    [(3, [0] * 5, 20), (4, [0] * 5, 3), (4, [0] * 4, 20), (4, [0, 1, 2, 0, -1], 20)],
)
def test_what_gives_no_error_or_no_kind_is_refused(repetitions, kinds, rows_min):
    with pytest.raises(InvalidDataError, match="expected"):
        mean_by_kind(np.zeros((repetitions, 5)), np.array(kinds), rows_min=rows_min)
