"""Copies are found in whatever dress, on Adult with and without the column that tells people apart; repeats are not."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.copies import budget, near, within
from marketplace.copies import compare as comparing
from marketplace.copies.compare import compare
from marketplace.copies.near import mutual_pairs, nearest, spreads
from marketplace.copies.rows import Rows, column_names, kinds_of, read_rows, significant, taken
from marketplace.copies.within import repeats
from marketplace.demo import adult, profiles

ROWS = 1000
COLUMNS = column_names(adult.request_schema())


def adult_rows(*, weighted):
    """Adult's training part as rows; without `fnlwgt` 10.6 % of them repeat."""
    schema = adult.request_schema()
    if not weighted:
        schema = {"columns": [column for column in schema["columns"] if column["name"] != "fnlwgt"]}
    part = adult.training_part()
    columns = {column["name"]: part[column["name"]].to_pylist() for column in schema["columns"]}
    return read_rows(columns, schema)


@pytest.fixture(scope="module")
def weighted():
    return adult_rows(weighted=True)


@pytest.fixture(scope="module")
def bare():
    return adult_rows(weighted=False)


def joined(*files):
    return Rows(np.concatenate([file.numbers for file in files]), np.concatenate([file.labels for file in files]))


def dressed(rows, dress, rng):
    if dress == "reordered":
        return taken(rows, rng.permutation(len(rows)))
    numbers = {
        "exact": lambda: rows.numbers,
        "jittered": lambda: rows.numbers * (1 + 0.01 * rng.standard_normal(rows.numbers.shape)),
        "rounded": lambda: significant(rows.numbers, 2),
    }[dress]()
    return Rows(numbers, rows.labels)


@pytest.mark.parametrize(
    ("dress", "fraction"), [("exact", 0.03), ("reordered", 0.03), ("rounded", 0.05), ("jittered", 0.1)]
)
def test_a_copier_is_found_by_its_dress(weighted, dress, fraction):
    rng = np.random.default_rng(0)
    places = rng.permutation(len(weighted.numbers))
    first, own = taken(weighted, places[:ROWS]), taken(weighted, places[ROWS : 2 * ROWS])
    copied = round(fraction * ROWS)
    second = joined(dressed(taken(first, np.arange(copied)), dress, rng), taken(own, np.arange(copied, ROWS)))

    found = compare(first, second)

    assert [copies.kind for copies in found] == [dress]
    named = {row for row in found[0].pairs[:, 1].tolist() if row < copied}
    assert len(named) >= 0.85 * copied
    assert found[0].verdict.log10_p < -6


def changed(rows, columns, rng):
    """Change one of the columns in every row: a label to another, a number to any within a hundred."""
    numbers, labels, width = rows.numbers.copy(), rows.labels.copy(), rows.numbers.shape[1]
    for column, places in zip(columns, np.array_split(rng.permutation(len(rows)), len(columns)), strict=True):
        if column < width:
            numbers[places, column] = rng.integers(200, 300, len(places))
        else:
            labels[places, column - width] = (labels[places, column - width] + 1) % (
                labels[:, column - width].max() + 1
            )
    return Rows(numbers, labels)


AGE, FNLWGT, RACE, SEX = map(COLUMNS.index, ("age", "fnlwgt", "race", "sex"))


@pytest.mark.parametrize("columns", [[RACE], [AGE], [FNLWGT], [AGE, RACE, SEX]], ids=str)
@pytest.mark.parametrize("noise", [0, 0.01])
def test_a_copier_who_changes_one_column_of_every_row_is_found_and_the_column_named(weighted, columns, noise):
    rng = np.random.default_rng(0)
    places = rng.permutation(len(weighted))
    first, own = taken(weighted, places[:ROWS]), taken(weighted, places[ROWS : 2 * ROWS])
    copies = changed(taken(first, np.arange(300)), columns, rng)
    copies = Rows(copies.numbers * (1 + noise * rng.standard_normal(copies.numbers.shape)), copies.labels)
    second = joined(copies, taken(own, np.arange(300, ROWS)))

    (found,) = compare(first, second)

    assert (found.kind, found.columns) == ("but_one", tuple(sorted(columns)))
    named = [(original, row) for original, row in found.pairs.tolist() if row < 300]
    assert len(named) >= (0.85 if noise else 0.98) * 300
    assert sum(original == row for original, row in named) >= 0.98 * len(named)
    # Some of the rows are like others by chance; the finding expects about 20 where it looked without age.
    assert len(found.pairs) - len(named) <= 20


def test_a_few_equal_copies_hide_no_rows_with_a_column_changed_and_each_row_is_named_once(weighted):
    rng = np.random.default_rng(0)
    first = taken(weighted, rng.permutation(len(weighted))[:ROWS])
    second = joined(taken(first, np.arange(40)), changed(first, [RACE], rng))

    exact, but_one = compare(first, second)

    assert exact.pairs.tolist() == [[row, row] for row in range(40)]
    assert but_one.pairs.tolist() == [[row, 40 + row] for row in range(ROWS)]
    assert but_one.columns == (RACE,)


@pytest.fixture
def searches(monkeypatch):
    """The searches for nearest rows and the comparisons of all cells, by how many rows they were about."""
    made = {"near": [], "cells": []}

    def counted(kind, function):
        def counting(*files, **options):
            made[kind].append(sum(map(len, files)))
            return function(*files, **options)

        return counting

    monkeypatch.setattr(near, "encoded", counted("near", near.encoded))
    for module in (comparing, within):
        monkeypatch.setattr(module, "kinds_of", counted("cells", kinds_of))
    return made


def wide_rows(rows, *, seed):
    rng = np.random.default_rng(seed)
    return Rows(rng.standard_normal((rows, 900)), rng.integers(0, 3, (rows, 100)))


def test_a_file_of_1000_columns_takes_one_search_and_copies_with_a_column_changed_are_found_all_the_same(searches):
    first, own = wide_rows(500, seed=1), wide_rows(500, seed=2)
    copies = taken(first, np.arange(200))
    copies.numbers[40:120, 7] += 1
    copies.labels[120:, 99] += 1
    second = joined(copies, taken(own, np.arange(200, 500)))

    exact, but_one = compare(first, second)

    assert (exact.kind, exact.pairs.tolist()) == ("exact", [[row, row] for row in range(40)])
    assert (but_one.kind, but_one.columns) == ("but_one", (7, 999))
    assert but_one.pairs.tolist() == [[row, row] for row in range(40, 200)]
    assert len(searches["near"]) == 1
    assert len(searches["cells"]) <= 5, "whole rows as they are and at three numbers of digits"


def test_a_file_of_1000_columns_that_repeats_itself_with_a_column_changed_is_found_in_one_search(searches):
    own, other = wide_rows(200, seed=1), wide_rows(300, seed=2)
    again = taken(own, np.arange(100))
    again.labels[:, 50] += 1

    (found,) = repeats(joined(own, again), [other])

    assert (found.kind, found.columns) == ("but_one", (950,))
    assert found.pairs.tolist() == [[row, 200 + row] for row in range(100)]
    assert len(searches["near"]) == 1
    assert len(searches["cells"]) <= 2
    assert repeats(other, [own]) == []


def test_what_a_comparison_may_cost_depends_on_rows_and_columns_and_nothing_crosses_it():
    demo, wide, large = {"rows": 20_000, "columns": 15}, {"rows": 10_000, "columns": 100}, {"rows": 2_000_000}

    assert budget.is_near_searched_without_columns(**demo)
    assert budget.is_near_searched(**wide)
    assert not budget.is_near_searched_without_columns(**wide)
    assert not budget.is_near_searched(**large, columns=15)
    assert budget.cells_read(**demo) == 20_000 * 15 * 16
    assert budget.cells_read(**wide) == 10_000 * 100 * 2


def test_where_no_near_rows_are_looked_for_rounded_ones_are_found_all_the_same(weighted, monkeypatch, searches):
    monkeypatch.setattr(budget, "CELLS_MAX", 0)
    monkeypatch.setattr(budget, "CELLS_MAX_WITHOUT_COLUMNS", 0)
    first = taken(weighted, np.arange(ROWS))

    (rounded_rows,) = compare(first, dressed(first, "rounded", np.random.default_rng(0)))

    assert rounded_rows.kind == "rounded"
    assert len(rounded_rows.pairs) >= 0.98 * ROWS
    assert searches["near"] == []


@pytest.mark.parametrize("dress", ["jittered", "rounded"])
def test_repeating_own_rows_slightly_changed_is_found(weighted, dress):
    rng = np.random.default_rng(3)
    places = rng.permutation(len(weighted))
    own, *others = (taken(weighted, places[start : start + ROWS]) for start in (0, ROWS, 2 * ROWS))
    padded = joined(own, dressed(own, dress, rng))

    found = repeats(padded, others)

    assert {copies.kind for copies in found} <= {"within", "but_one"}
    named = set().union(*(copies.pairs[:, 1].tolist() for copies in found))
    assert len([row for row in named if row >= ROWS]) >= 0.9 * ROWS
    assert len([row for row in named if row < ROWS]) <= 0.03 * ROWS
    assert repeats(others[0], [padded, others[1]]) == []


def test_repeating_own_rows_with_one_column_changed_is_found_and_names_the_column(weighted):
    rng = np.random.default_rng(3)
    places = rng.permutation(len(weighted))
    own, *others = (taken(weighted, places[start : start + ROWS]) for start in (0, ROWS, 2 * ROWS))
    padded = joined(own, changed(own, [RACE, SEX], rng))

    (found,) = repeats(padded, others)

    assert (found.kind, found.columns) == ("but_one", (RACE, SEX))
    assert found.pairs.tolist() == [[row, ROWS + row] for row in range(ROWS)]
    assert repeats(others[0], [padded, others[1]]) == []


@pytest.mark.parametrize("dress", ["exact", "reordered", "rounded", "jittered"])
def test_of_a_file_that_is_all_copies_hardly_a_row_stays(weighted, dress):
    rng = np.random.default_rng(1)
    first = taken(weighted, rng.permutation(len(weighted.numbers))[:ROWS])
    second = dressed(first, dress, rng)

    rows = set().union(*(copies.pairs[:, 1].tolist() for copies in compare(first, second)))

    assert len(rows) >= 0.98 * ROWS


def by_relationship(rows_max):
    relationship = np.array(adult.training_part()["relationship"].to_pylist())
    return [np.flatnonzero(relationship == kind)[:rows_max] for kind in np.unique(relationship)]


def test_no_innocent_seller_is_found_on_adults_own_repeats(bare):
    """Adult split at random, by kind of people and as in the demo, without what tells people apart: 10.6 % repeat."""
    splits = [np.array_split(np.random.default_rng(1).permutation(len(bare.numbers)), 16)[:6]]
    splits.append(np.array_split(np.random.default_rng(2).permutation(len(bare.numbers)), 5)[:3])
    splits.append([seller.row_numbers for seller in profiles.sample_sellers(adult.training_part(), seed=3)])
    splits.append(by_relationship(1500))

    for places in splits:
        files = [taken(bare, of_seller) for of_seller in places]
        assert [compare(first, second) for first, second in itertools.combinations(files, 2)] == [
            [] for _ in range(math.comb(len(files), 2))
        ]
        assert [repeats(file, [other for other in files if other is not file]) for file in files] == [[]] * len(files)


@pytest.mark.parametrize("left_out", [set(), {"fnlwgt"}], ids=["whole", "without fnlwgt"])
def test_no_seller_of_the_demo_is_found_among_its_validation_rows_until_it_holds_some(left_out):
    """Adult's training and test part share rows; without what tells people apart many of them."""
    schema = adult.request_schema()
    schema = {"columns": [column for column in schema["columns"] if column["name"] not in left_out]}
    training, validation = adult.training_part(), adult.test_part().slice(0, 5000)
    validation = read_rows({name: validation[name].to_pylist() for name in column_names(schema)}, schema)
    rows = read_rows({name: training[name].to_pylist() for name in column_names(schema)}, schema)
    sellers = [taken(rows, seller.row_numbers) for seller in profiles.sample_sellers(training, seed=3)]

    assert [compare(validation, seller) for seller in sellers] == [[]] * len(sellers)
    (found,) = compare(validation, joined(sellers[0], taken(validation, np.arange(200))))
    assert len([row for row in found.pairs[:, 1] if row >= len(sellers[0])]) == 200


def test_sellers_who_removed_their_own_repeats_are_not_taken_for_copiers(bare):
    places = np.random.default_rng(2).permutation(len(bare.numbers))
    files = [without_repeats(taken(bare, places[start : start + 2000])) for start in (0, 2000)]
    assert len(set(kinds_of(*files)[0]) & set(kinds_of(*files)[1])) > 20, "they share many rows all the same"

    assert compare(*files) == []


def test_sellers_who_differ_in_one_column_alone_and_removed_their_repeats_are_not_taken_for_copiers(bare):
    """Each sells one relationship, so that only rows of two of them are ever equal but for it."""
    files = [without_repeats(taken(bare, places)) for places in by_relationship(1500)]

    assert [compare(first, second) for first, second in itertools.combinations(files, 2)] == [[]] * 15


def test_repeating_own_rows_is_found_and_hides_no_copies(weighted):
    places = np.random.default_rng(3).permutation(len(weighted.numbers))
    first, own = taken(weighted, places[:ROWS]), taken(weighted, places[ROWS : 2 * ROWS])
    other = taken(weighted, places[2 * ROWS : 3 * ROWS])
    padded = joined(taken(first, np.arange(100)), own, own)

    (within,) = repeats(padded, [first, other])
    hidden, found = compare(first, padded), compare(first, padded, is_second_padded=True)

    assert within.kind == "within"
    assert within.pairs.tolist() == [[100 + row, 100 + ROWS + row] for row in range(ROWS)]
    assert [copies.kind for copies in found] == ["exact"]
    assert hidden == []
    assert repeats(first, [padded, other]) == []


def test_empty_cells_signs_of_zero_and_order_of_columns_change_no_rows_identity():
    schema = {"columns": [
        {"name": "a", "kind": "number"}, {"name": "b", "kind": "number"},
        {"name": "c", "kind": "category", "categories": ["x", "y"]},
    ]}  # fmt: skip
    one = read_rows({"a": [0.0, None, 1.5], "b": [1.0, 2.0, 3.0], "c": ["x", None, "y"]}, schema)
    other = read_rows({"c": [None, "x", "x"], "b": [2.0, 1.0, 3.0], "a": [None, -0.0, 1.5]}, schema)

    first, second = kinds_of(one, other)

    assert first[[1, 0]].tolist() == second[[0, 1]].tolist()
    assert first[2] != second[2]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40), st.randoms())
def test_order_is_irrelevant_to_what_is_shared(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    files = [
        Rows(np.array([[float(a)] for a, _ in table]), np.array([[b] for _, b in table])) for table in (rows, shuffled)
    ]

    first, second = kinds_of(*files)

    assert sorted(first) == sorted(second)


@given(st.floats(-1e280, 1e280), st.integers(1, 15))
def test_rounding_to_digits_is_what_formatting_does(number, digits):
    (rounded,) = significant(np.array([number]), digits)

    assert rounded == pytest.approx(float(f"{number:.{digits - 1}e}"), rel=10.0 ** (1 - digits), abs=1e-280)


@pytest.mark.parametrize("absurd", [1.7e308, -1.7e308, 5e-324, 1e-300])
def test_absurd_numbers_stop_no_comparison(absurd):
    numbers = np.random.default_rng(0).normal(size=(100, 2))
    first, second = numbers.copy(), numbers.copy()
    first[0], second[1], second[2] = absurd, absurd, -absurd
    labels = np.zeros((100, 1), dtype=np.int64)

    (copies,) = compare(Rows(first, labels), Rows(second, labels))

    assert copies.kind == "exact"
    assert len(copies.pairs) == 98


def test_an_outlier_widens_no_column():
    column = np.random.default_rng(0).normal(size=(500, 1))
    with_outlier = np.concatenate([column, [[1e12]]])

    assert spreads(with_outlier)[0] == pytest.approx(spreads(column)[0], rel=0.05)


def test_nearest_of_equal_points_is_never_the_point_itself():
    neighbours, distances = nearest(np.array([[0.0], [0.0], [5.0], [5.25], [9.0]]))

    assert neighbours.tolist() == [1, 0, 3, 2, 4]
    assert distances.tolist() == [0, 0, 0.25, 0.25, np.inf]
    assert mutual_pairs(neighbours).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("rows", [1, 2])
def test_the_smallest_files_are_compared_without_a_finding(rows):
    file = Rows(np.arange(rows, dtype=np.float64)[:, None], np.zeros((rows, 1), dtype=np.int64))

    assert compare(file, file) == []
    assert repeats(file, [file]) == []


def without_repeats(file):
    (kinds,) = kinds_of(file)
    return taken(file, np.sort(np.unique(kinds, return_index=True)[1]))
