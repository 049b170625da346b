"""Copies on Adult: how often innocent sellers are found (never), how few copied rows are, and what it costs.

Run from the repository root: ``python -m benchmarks.copies_adult``. It takes about a quarter of an hour on one core.
"""

import itertools
import time

import numpy as np
import pyarrow as pa

from marketplace.copies.compare import compare
from marketplace.copies.rows import Rows, column_names, kinds_of, read_rows, significant, taken
from marketplace.copies.within import repeats
from marketplace.demo import adult, profiles

SPLITS, SEEDS = 10, 4
FRACTIONS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
ROWS = 2_000
NUMBERS = [name for name in column_names(adult.request_schema()) if name in adult.NUMBER_RANGES]
LABELS = [name for name in column_names(adult.request_schema()) if name not in adult.NUMBER_RANGES]
# What a copier changes in every row, and to what: `fnlwgt`, which only one of the two files has, is left alone.
CHANGED = {
    "race changed": ("race",),
    "age redrawn": ("age",),
    "any one column": tuple(name for name in (*NUMBERS, *LABELS) if name != "fnlwgt"),
}


def adult_rows(*, weighted: bool, part: pa.Table) -> Rows:
    schema = adult.request_schema()
    if not weighted:
        schema = {"columns": [column for column in schema["columns"] if column["name"] != "fnlwgt"]}
    return read_rows({column["name"]: part[column["name"]].to_pylist() for column in schema["columns"]}, schema)


def joined(first: Rows, second: Rows) -> Rows:
    return Rows(np.concatenate([first.numbers, second.numbers]), np.concatenate([first.labels, second.labels]))


def without_repeats(rows: Rows) -> Rows:
    (kinds,) = kinds_of(rows)
    return taken(rows, np.sort(np.unique(kinds, return_index=True)[1]))


def markets(rows: Rows):
    """Names of ways to cut Adult into sellers, and how: each gives the row numbers of its sellers for a seed."""
    table, n = adult.training_part(), len(rows)
    relationship = np.array(table["relationship"].to_pylist())
    yield "5 at random", lambda seed: np.array_split(np.random.default_rng(seed).permutation(n), 5)
    yield "16 at random", lambda seed: np.array_split(np.random.default_rng(seed).permutation(n), 16)
    yield "the demo's 5 profiles", lambda seed: [s.row_numbers for s in profiles.sample_sellers(table, seed=seed)]
    yield (
        "4 of unlike size",
        lambda seed: np.split(np.random.default_rng(seed).permutation(n)[:8_000], [5_000, 7_500, 7_900]),
    )
    yield (
        "6 by relationship",
        lambda seed: [
            np.random.default_rng(seed).permutation(np.flatnonzero(relationship == kind))[:2_000]
            for kind in np.unique(relationship)
        ],
    )


def innocents(rows: Rows, *, label: str, change=lambda file: file) -> None:
    for name, cut in markets(rows):
        sellers = found = pairs = 0
        started = time.process_time()
        for seed in range(SPLITS):
            files = [change(taken(rows, places)) for places in cut(seed)]
            guilty = {
                index
                for index, file in enumerate(files)
                if repeats(file, [other for other in files if other is not file])
            }
            for first, second in itertools.combinations(range(len(files)), 2):
                pairs += 1
                if compare(files[first], files[second]):
                    guilty |= {first, second}
            sellers, found = sellers + len(files), found + len(guilty)
        seconds = (time.process_time() - started) / pairs
        print(f"{label:32} {name:22} {sellers:5} sellers, {found} found, {seconds:.3f} s a pair")


def innocents_beside_validation(rows: Rows, test_rows: Rows, *, label: str) -> None:
    """Sellers of the training part against 5,000 rows of the test part, as the demo's buyer keeps them."""
    for name, cut in markets(rows):
        sellers = found = 0
        for seed in range(SPLITS):
            validation = taken(test_rows, np.random.default_rng(seed).permutation(len(test_rows))[:5_000])
            files = [taken(rows, places) for places in cut(seed)]
            sellers, found = sellers + len(files), found + sum(bool(compare(validation, file)) for file in files)
        print(f"{label:32} {name:22} {sellers:5} sellers beside validation rows, {found} found")


def dressed(rows: Rows, dress: str, rng: np.random.Generator) -> Rows:
    if dress == "shuffled":
        return taken(rows, rng.permutation(len(rows)))
    if dress in CHANGED:
        return changed(rows, CHANGED[dress], rng)
    noise = rng.standard_normal(rows.numbers.shape)
    numbers = {
        "exact": rows.numbers,
        "1 % jitter": rows.numbers * (1 + 0.01 * noise),
        "5 % jitter": rows.numbers * (1 + 0.05 * noise),
        "2 digits": significant(rows.numbers, 2),
        "to tens": np.rint(rows.numbers / 10) * 10,
    }[dress]
    return Rows(numbers, rows.labels)


def changed(rows: Rows, names: tuple[str, ...], rng: np.random.Generator) -> Rows:
    """Change one of these columns in every row: a label to any other, a number to any other of its column."""
    numbers, labels = rows.numbers.copy(), rows.labels.copy()
    of_file = [name for name in NUMBERS if name != "fnlwgt" or numbers.shape[1] == len(NUMBERS)]
    columns = [of_file.index(name) if name in of_file else LABELS.index(name) - len(LABELS) for name in names]
    chosen = rng.choice(columns, size=len(rows))
    for column in columns:
        places = np.flatnonzero(chosen == column)
        if column >= 0:
            numbers[places, column] = rng.permutation(numbers[:, column])[: len(places)]
        else:
            kinds = labels[:, column].max() + 1
            labels[places, column] = (labels[places, column] + rng.integers(1, kinds, len(places))) % kinds
    return Rows(numbers, labels)


def power(rows: Rows, *, label: str) -> None:
    for dress in ("exact", "shuffled", "1 % jitter", "5 % jitter", "2 digits", "to tens", *CHANGED):
        smallest, named = None, 0.0
        for fraction in FRACTIONS:
            hits, part = zip(*(copied(rows, dress, fraction, seed) for seed in range(SEEDS)), strict=True)
            if all(hits) and smallest is None:
                smallest = fraction
            named = float(np.mean(part))
        print(f"{label:32} {dress:14} found from {smallest:.1%} of {ROWS} rows; of a full copy {named:.1%} are named")


def copied(rows: Rows, dress: str, fraction: float, seed: int) -> tuple[bool, float]:
    """Whether one seller of the demo that copies from another is found, and the part of the copies that is named."""
    rng = np.random.default_rng(seed)
    victim, copier = profiles.sample_sellers(adult.training_part(), seed=seed)[:2]
    first = taken(rows, victim.row_numbers)
    count = round(fraction * ROWS)
    copies = dressed(taken(first, rng.choice(ROWS, size=count, replace=False)), dress, rng)
    found = compare(first, joined(copies, taken(rows, copier.row_numbers[: ROWS - count])))
    named = set().union(*(copy.pairs[:, 1].tolist() for copy in found))
    return bool(found), len([row for row in named if row < count]) / count


def cost(rows: Rows) -> None:
    for size in (1_000, 3_000, 10_000):
        places = np.random.default_rng(0).permutation(len(rows))
        first, second = taken(rows, places[:size]), taken(rows, places[size : 2 * size])
        started = time.process_time()
        compare(first, second)
        print(f"two files of {size:6} rows: {time.process_time() - started:.2f} s")


if __name__ == "__main__":
    weighted, bare = (adult_rows(weighted=is_weighted, part=adult.training_part()) for is_weighted in (True, False))
    innocents(bare, label="without fnlwgt (10.6 % repeat)")
    innocents(bare, label="the same, deduplicated", change=without_repeats)
    innocents(weighted, label="with fnlwgt")
    for rows, label in ((bare, "without fnlwgt"), (weighted, "with fnlwgt")):
        test_rows = adult_rows(weighted=rows is weighted, part=adult.test_part())
        innocents_beside_validation(rows, test_rows, label=label)
    power(bare, label="without fnlwgt (10.6 % repeat)")
    power(weighted, label="with fnlwgt")
    cost(weighted)
