"""Rows that a file repeats of its own beyond what the other files show: equal, jittered, or with one column changed."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from marketplace.copies import budget, near
from marketplace.copies.chance import TILT, Verdict, repeating
from marketplace.copies.compare import UNSEEN, Copies, equal_pairs, joined
from marketplace.copies.rows import Rows, first_places, hash_sums, kinds_but_for, kinds_of, taken

Array = np.ndarray[Any, Any]

# Of a row's nearest rows so many are looked at, itself among them, for one that came before it in the file.
NEIGHBOURS = 8


def repeats(own: Rows, others: Sequence[Rows]) -> list[Copies]:
    """Find whether a file repeats its own rows more often than all files together let expect.

    The reference is how often the other files repeat rows, and how often they share rows with this one: of each the
    median file, because what is copied between two files says nothing of chance, and of both the larger, because
    sellers of unlike people share nothing and sellers who remove their repeats have none. A file of one kind of people
    may repeat TILT times as often.

    Rows that are equal in every column are settled first; of the others those are looked for that are near each other,
    and those that are equal where one column, each in turn, is left out. Near rows are left out where that would cost
    too much, see `budget`.
    """
    (kinds,) = kinds_of(own)
    rows = np.flatnonzero(_occurrence(kinds) == 0)
    size = {"rows": len(own) + sum(map(len, others)), "columns": own.width}
    is_near_searched = budget.is_near_searched(**size)
    equal = _repeated(kinds, [len(other) for other in others], lambda: kinds_of(own, *others))
    near_rows = _near(own, rows, others) if is_near_searched else None
    alike = [copies for copies in (equal, near_rows) if copies is not None]
    rows = np.setdiff1d(rows, [row for copies in alike for row in copies.pairs[:, 1]])
    found = _but_for_one(taken(own, rows), others) if own.width > 1 else []
    found = [replace(copies, pairs=rows[copies.pairs]) for copies in found]
    return [_once(parts) for parts in (alike, found) if parts]


def _but_for_one(own: Rows, others: Sequence[Rows]) -> list[Copies]:
    own_sums, sizes = hash_sums(own), [len(other) for other in others]
    sums = cache(lambda: [own_sums, *map(hash_sums, others)])
    found = []
    for column in range(own.width):
        (kinds,) = kinds_but_for([column], own, sums=[own_sums])
        every = partial(_kinds_without, column, [own, *others], sums)
        copies = _repeated(kinds, sizes, every, tests=own.width)
        if copies is not None:
            found.append(Copies("but_one", copies.pairs, copies.verdict, (column,)))
    return found


def _kinds_without(column: int, files: Sequence[Rows], sums: Callable[[], list[Array]]) -> list[Array]:
    return kinds_but_for([column], *files, sums=sums())


def _repeated(
    kinds: Array, sizes: Sequence[int], kinds_of_all: Callable[[], list[Array]], *, tests: int = 1
) -> Copies | None:
    """Test how often kinds repeat in a file; the kinds in all files are asked for only where it could be a finding."""
    again = np.flatnonzero(_occurrence(kinds) > 0)

    def verdict(rate: float) -> Verdict:
        return repeating(len(again), expected=TILT * math.comb(len(kinds), 2) * rate).among(tests)

    # As if the other files repeated nothing and shared nothing: whatever they do, more is expected than this.
    if not verdict(_reference([0] * len(sizes), [0] * len(sizes), len(kinds), sizes)).is_finding:
        return None
    own, *others = kinds_of_all()
    repeated = [_repeated_pairs(theirs) for theirs in others]
    shared = [equal_pairs([own, theirs]) for theirs in others]
    found = verdict(_reference(repeated, shared, len(kinds), sizes))
    return (
        Copies("within", np.column_stack([first_places(kinds, kinds[again]), again]), found)
        if found.is_finding
        else None
    )


def _reference(repeated: Sequence[int], shared: Sequence[int], rows: int, sizes: Sequence[int]) -> float:
    """How often two rows are alike in the other files, or between them and this one, by the pairs that are."""
    within = [_rate(pairs, math.comb(size, 2)) for pairs, size in zip(repeated, sizes, strict=True)]
    between = [_rate(pairs, rows * size) for pairs, size in zip(shared, sizes, strict=True)]
    return max(float(np.median(within)), float(np.median(between)))


def _near(own: Rows, rows: Array, others: Sequence[Rows]) -> Copies | None:
    """Repeats within the distances of `near`, not counting equal rows anywhere; these rows of the file are unlike."""
    if own.numbers.shape[1] == 0 or len(rows) == 1:
        return None
    sizes = [len(rows), *map(len, others)]
    points = near.encoded(taken(own, rows), *others)
    tree, *other_trees = [KDTree(part) for part in np.split(points, np.cumsum(sizes)[:-1])]
    within = np.nextafter(max(near.DISTANCES), np.inf)
    found = tree.query(tree.data, k=min(NEIGHBOURS, tree.n), distance_upper_bound=within)
    # Where there is no other neighbour the place is beyond all rows, and so not earlier.
    distances, neighbours = map(np.asarray, found)
    rates, candidates = _near_rates(tree, other_trees), []
    for distance, rate in zip(near.DISTANCES, rates, strict=True):
        is_earlier = (neighbours < np.arange(tree.n)[:, None]) & (distances <= distance)
        again = np.flatnonzero(is_earlier.any(axis=1))
        verdict = repeating(len(again), expected=TILT * math.comb(tree.n, 2) * rate).among(len(near.DISTANCES))
        pairs = np.column_stack([neighbours[again, is_earlier[again].argmax(axis=1)], again])
        candidates.append(Copies("within", rows[pairs], verdict))
    strongest = min(candidates, key=lambda copies: copies.verdict.log10_p)
    return strongest if strongest.verdict.is_finding else None


def _near_rates(tree: KDTree, others: Sequence[KDTree]) -> list[float]:
    """How often two rows that are not equal are within each distance, by the other files as for equal rows."""
    repeated = np.array([_near_pairs(other, other) // 2 for other in others])
    shared = np.array([_near_pairs(tree, other) for other in others])
    sizes = [other.n for other in others]
    return [_reference(own, both, tree.n, sizes) for own, both in zip(repeated.T, shared.T, strict=True)]


def _near_pairs(first: KDTree, second: KDTree) -> Array:
    """Pairs within each distance that are not equal; one pass for all, as it may have to hold all against all."""
    counts = np.asarray(first.count_neighbors(second, [0.0, *near.DISTANCES]))
    return np.asarray(counts[1:] - counts[0])


def _once(found: Sequence[Copies]) -> Copies:
    """All findings about one file as one, in which a row that is like several others is named once."""
    copies = joined(found)
    _, places = np.unique(copies.pairs[:, 1], return_index=True)
    return Copies(copies.kind, copies.pairs[places], copies.verdict, copies.columns)


def _rate(alike: int, pairs: int) -> float:
    return (alike + UNSEEN) / max(pairs, 1)


def _repeated_pairs(kinds: Array) -> int:
    counts = np.bincount(kinds)
    return int((counts * (counts - 1)).sum() // 2)


def _occurrence(kinds: Array) -> Array:
    """How often each row's kind has occurred before it."""
    order = np.argsort(kinds, kind="stable")
    ordered = kinds[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    before = np.arange(len(kinds)) - np.repeat(starts, np.diff(np.r_[starts, len(kinds)]))
    occurrence = np.empty(len(kinds), dtype=np.int64)
    occurrence[order] = before
    return occurrence
