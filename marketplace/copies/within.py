"""Rows that a file repeats of its own beyond what the other files show: equal, jittered, or with one column changed."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from marketplace.copies import near
from marketplace.copies.chance import TILT, repeating
from marketplace.copies.compare import UNSEEN, Copies, equal_pairs, joined
from marketplace.copies.rows import Rows, first_places, kinds_of, taken, without

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
    and those that are equal where one column, each in turn, is left out.
    """
    (kinds,) = kinds_of(own)
    rows = np.flatnonzero(_occurrence(kinds) == 0)
    alike = [copies for copies in (_repeated(own, others), _near(own, rows, others)) if copies is not None]
    rows = np.setdiff1d(rows, [row for copies in alike for row in copies.pairs[:, 1]])
    found = []
    for column in range(own.width) if own.width > 1 else ():
        files = [without(other, column) for other in others]
        copies = _repeated(without(taken(own, rows), column), files, tests=own.width)
        if copies is not None:
            found.append(Copies("but_one", rows[copies.pairs], copies.verdict, (column,)))
    return [_once(parts) for parts in (alike, found) if parts]


def _repeated(own: Rows, others: Sequence[Rows], *, tests: int = 1) -> Copies | None:
    kinds, *other_kinds = kinds_of(own, *others)
    repeated = [_rate(_repeated_pairs(theirs), math.comb(len(theirs), 2)) for theirs in other_kinds]
    shared = [_rate(equal_pairs([kinds, theirs]), len(kinds) * len(theirs)) for theirs in other_kinds]
    rate = max(float(np.median(repeated)), float(np.median(shared)))
    again = _occurrence(kinds) > 0
    verdict = repeating(int(again.sum()), expected=TILT * math.comb(len(own), 2) * rate).among(tests)
    if not verdict.is_finding:
        return None
    rows = np.flatnonzero(again)
    return Copies("within", np.column_stack([first_places(kinds, kinds[rows]), rows]), verdict)


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
    candidates = []
    for distance in near.DISTANCES:
        is_earlier = (neighbours < np.arange(tree.n)[:, None]) & (distances <= distance)
        again = np.flatnonzero(is_earlier.any(axis=1))
        expected = TILT * math.comb(tree.n, 2) * _near_rate(distance, tree, other_trees)
        pairs = np.column_stack([neighbours[again, is_earlier[again].argmax(axis=1)], again])
        candidates.append(Copies("within", rows[pairs], repeating(len(again), expected=expected)))
    strongest = min(candidates, key=lambda copies: copies.verdict.log10_p)
    return strongest if strongest.verdict.is_finding else None


def _near_rate(distance: float, tree: KDTree, others: Sequence[KDTree]) -> float:
    """How often two rows that are not equal are within the distance, as `_repeated` takes it from the other files."""
    repeated = [_rate(_near_pairs(other, other, distance) // 2, math.comb(other.n, 2)) for other in others]
    shared = [_rate(_near_pairs(tree, other, distance), tree.n * other.n) for other in others]
    return max(float(np.median(repeated)), float(np.median(shared)))


def _near_pairs(first: KDTree, second: KDTree, distance: float) -> int:
    return int(first.count_neighbors(second, distance)) - int(first.count_neighbors(second, 0))


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
