import numpy as np
import pytest

from valuation.core.games.attacks import (
    ImpossibleAttackError,
    check_many_accounts,
    null_account_counts,
    shell_cells,
    shells_of,
    spoiled_rows,
    worthless_rows,
)

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


@pytest.mark.parametrize(
    ("n_rows", "counts"),
    [(3, (1,)), (24, (1,)), (25, (1, 5)), (105, (1, 5, 20)), (250, (1, 5, 20, 50)), (100_000, (1, 5, 20, 50))],
)
def test_worthless_accounts_hold_at_most_a_fifth_of_the_pool(n_rows, counts):
    assert null_account_counts(n_rows) == counts


def test_five_hundred_worthless_accounts_need_2500_rows():
    check_many_accounts(2_500)
    with pytest.raises(ImpossibleAttackError, match="at least 2,500 rows; this one has 2,499"):
        check_many_accounts(2_499)


X = np.column_stack([np.arange(60.0), np.arange(60) % 2])
CODES = np.array([0] * 40 + [2] * 15 + [3] * 5)


def spoiled(how, count, *, y=CODES, is_classification=True):
    rng = np.random.default_rng(0)
    return spoiled_rows(X, y, count, how=how, is_classification=is_classification, rng=rng)


def test_flipped_labels_are_the_next_class_present_and_the_last_becomes_the_first():
    features, targets = spoiled("labels_flipped", 60)

    was = CODES[features[:, 0].astype(int)]
    assert np.array_equal(np.sort(features[:, 0]), X[:, 0])
    assert np.array_equal(targets, np.select([was == 0, was == 2], [2, 3], 0))


def test_half_of_the_labels_are_flipped_and_the_rest_are_true():
    features, targets = spoiled("half_flipped", 41)

    wrong = targets != CODES[features[:, 0].astype(int)]
    assert wrong.sum() == 21


def test_numbers_are_mirrored_about_their_mean():
    y = np.arange(60.0) ** 2
    features, targets = spoiled("labels_flipped", 10, y=y, is_classification=False)

    assert np.array_equal(targets, 2 * y.mean() - y[features[:, 0].astype(int)])
    assert np.array_equal(y, np.arange(60.0) ** 2)


def test_one_class_is_the_rarest_and_of_numbers_the_largest_tenth():
    _, codes = spoiled("one_class", 12)
    features, targets = spoiled("one_class", 6, y=np.arange(60.0), is_classification=False)

    assert codes.tolist() == [3] * 12
    assert sorted(targets) == [54.0, 55.0, 56.0, 57.0, 58.0, 59.0]
    assert np.array_equal(features[:, 0], targets)


def test_outliers_are_numbers_and_leave_zeros_and_ones_alone():
    features, targets = spoiled("outliers", 60)

    rows = (features[:, 0] / 100).astype(int)
    assert np.array_equal(np.sort(rows), np.arange(60))
    assert np.array_equal(features[:, 1], X[rows, 1])
    assert np.array_equal(targets, CODES[rows])
    assert X.max() == 59.0


@pytest.mark.parametrize("how", ["labels_flipped", "half_flipped", "one_class"])
def test_a_pool_of_one_class_cannot_be_spoiled_by_labels(how):
    with pytest.raises(ImpossibleAttackError, match="the same target"):
        spoiled(how, 5, y=np.zeros(60))


def test_without_a_column_of_numbers_there_are_no_outliers():
    with pytest.raises(ImpossibleAttackError, match="No column holds numbers"):
        spoiled_rows(X[:, 1:], CODES, 5, how="outliers", is_classification=True, rng=np.random.default_rng(0))
