import numpy as np
import pytest

from valuation.core.attacks import shell_cells, shells_of, worthless_rows

GROUPS = [np.arange(0, 40), np.arange(40, 43), np.arange(43, 44)]
TARGETS = np.arange(44) % 2


@pytest.mark.parametrize("how", ["random", "by_size", "by_label"])
def test_cells_hold_every_row_of_their_group_once_and_none_is_empty(how):
    cells = shell_cells(GROUPS, TARGETS, how=how, rng=np.random.default_rng(0))

    assert [len(own) for own in cells] == [5, 3, 1]
    for group, own in zip(GROUPS, cells, strict=True):
        assert all(len(cell) for cell in own)
        assert np.array_equal(np.sort(np.concatenate(own)), group)


def test_cells_by_label_are_pure_but_for_one():
    own = shell_cells(GROUPS, TARGETS, how="by_label", rng=np.random.default_rng(0))[0]

    assert [len(np.unique(TARGETS[cell])) for cell in own] == [1, 1, 2, 1, 1]


def test_cells_by_size_double():
    own = shell_cells([np.arange(310)], np.zeros(310), how="by_size", rng=np.random.default_rng(0))[0]

    assert [len(cell) for cell in own] == [10, 20, 40, 80, 160]


def test_shells_are_unions_of_cells():
    assert shells_of(5, 3) == [[0, 1], [2, 3], [4]]
    assert shells_of(5, 5) == [[0], [1], [2], [3], [4]]


def test_worthless_rows_come_from_the_pools_columns_and_forget_what_goes_together():
    X = np.column_stack([np.arange(1000.0), np.arange(1000.0)])
    features, targets = worthless_rows(X, np.arange(1000) % 3, 500, rng=np.random.default_rng(0))

    assert features.shape == (500, 2)
    assert set(targets) == {0, 1, 2}
    assert abs(np.corrcoef(features.T)[0, 1]) < 0.15
