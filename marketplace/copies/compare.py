"""Compare two files, or a file with itself: exact, re-ordered, rounded and jittered copies beyond chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.copies import near
from marketplace.copies.chance import TILT, Verdict, repeating, sharing
from marketplace.copies.rows import Rows, kinds_of, rounded, significant

Array = np.ndarray[Any, Any]

# Significant digits at which rows are compared: rounding to one keeps the least and shares the most by chance.
DIGITS = (3, 2, 1)
# Copies in their old order follow each other in this fraction of cases; in a shuffled file half of them do.
IN_ORDER = 0.9
# Cells that were rounded, and not moved, where this fraction of the changed ones has fewer digits than before.
COARSER = 0.9
# Repeats seen among n rows understate their rate; three more bound it from above (the rule of three).
UNSEEN = 3
# How much likelier a column repeats among rows that are equal otherwise than among any two rows.
ALIKE = 3.0


@dataclass(frozen=True)
class Copies:
    """A finding: `pairs`, int64 ``(n, 2)``, are rows of the first file and the rows of the second that copy them."""

    kind: str
    pairs: Array
    verdict: Verdict

    @property
    def expected_rows(self) -> float:
        """How many of the rows chance would have named: as many to each kind as there are."""
        return self.verdict.expected * len(self.pairs) / self.verdict.observed


def compare(
    first: Rows, second: Rows, *, is_first_padded: bool = False, is_second_padded: bool = False
) -> list[Copies]:
    """Find what the second file copies from the first; empty when chance explains it.

    A file known to be padded with its own rows is taken without its repeats: they would pass for chance.
    """
    kinds = kinds_of(first, second)
    exact = _equal_kinds(kinds[0], kinds[1], dedupe=(is_first_padded, is_second_padded))
    found = []
    if exact is not None and not _is_dense(first, second, kinds):
        in_order = np.mean(np.diff(exact.pairs[:, 0]) > 0) >= IN_ORDER
        found.append(Copies("exact" if in_order else "reordered", exact.pairs, exact.verdict))
    altered = _altered(first, second, kinds)
    return found if altered is None else [*found, altered]


def repeats(own: Rows, others: Sequence[Rows]) -> Copies | None:
    """Find whether a file repeats its own rows more often than all files together let expect.

    The reference is how often the other files repeat rows, and how often they share rows with this one: of each the
    median file, because what is copied between two files says nothing of chance, and of both the larger, because
    sellers of unlike people share nothing and sellers who remove their repeats have none. A file of one kind of people
    may repeat TILT times as often.
    """
    kinds, *other_kinds = kinds_of(own, *others)
    repeated = [_rate(_repeated_pairs(theirs), math.comb(len(theirs), 2)) for theirs in other_kinds]
    shared = [_rate(_equal_pairs([kinds, theirs]), len(kinds) * len(theirs)) for theirs in other_kinds]
    rate = max(float(np.median(repeated)), float(np.median(shared)))
    again = _occurrence(kinds) > 0
    verdict = repeating(int(again.sum()), expected=TILT * math.comb(len(own), 2) * rate)
    if not verdict.is_finding:
        return None
    rows = np.flatnonzero(again)
    return Copies("within", np.column_stack([_first_place(kinds, kinds[rows]), rows]), verdict)


def _equal_kinds(first: Array, second: Array, *, dedupe: tuple[bool, bool] = (False, False)) -> Copies | None:
    top = max(first.max(), second.max()) + 1
    counts = [np.bincount(kinds, minlength=top) for kinds in (first, second)]
    tested = [np.minimum(count, 1) if drop else count for count, drop in zip(counts, dedupe, strict=True)]
    verdict = sharing(*tested, rows_first=int(tested[0].sum()), rows_second=int(tested[1].sum()))
    if not verdict.is_finding:
        return None
    rows = np.flatnonzero(counts[0][second] > 0)
    return Copies("exact", np.column_stack([_first_place(first, second[rows]), rows]), verdict)


def _is_dense(first: Rows, second: Rows, kinds: Sequence[Array]) -> bool:
    """Whether deduplicated files would share as many equal rows anyway, because rows differ in one column so often.

    Without repeats of their own, files cannot show how common equal rows are. Rows that are equal but for the column
    that tells most apart can: of those, chance makes as many equal as that column repeats (ALIKE times, as people who
    are equal otherwise are more alike than strangers).
    """
    if all(len(np.unique(of_file)) < len(of_file) for of_file in kinds):
        return False
    repeats_of_columns = [_collision_rate(column) for column in _columns(first, second)]
    telling = int(np.argmin(repeats_of_columns))
    chance = min(ALIKE * repeats_of_columns[telling], 0.5)
    but_for_one = kinds_of(_without(first, telling), _without(second, telling))
    almost = _equal_pairs(but_for_one) - _equal_pairs(kinds)
    return not repeating(_equal_pairs(kinds), expected=(almost + UNSEEN) * chance / (1 - chance)).is_finding


def _columns(first: Rows, second: Rows) -> list[Array]:
    both = [np.concatenate(sides) for sides in ((first.numbers, second.numbers), (first.labels, second.labels))]
    return [column for cells in both for column in cells.T]


def _without(rows: Rows, column: int) -> Rows:
    numbers = rows.numbers.shape[1]
    if column < numbers:
        return Rows(np.delete(rows.numbers, column, axis=1), rows.labels)
    return Rows(rows.numbers, np.delete(rows.labels, column - numbers, axis=1))


def _collision_rate(cells: Array) -> float:
    """The chance that two cells of a column are equal."""
    _, counts = np.unique(cells, return_counts=True)
    return float((counts * (counts - 1)).sum()) / max(len(cells) * (len(cells) - 1), 1)


def _rate(alike: int, pairs: int) -> float:
    return (alike + UNSEEN) / max(pairs, 1)


def _repeated_pairs(kinds: Array) -> int:
    counts = np.bincount(kinds)
    return int((counts * (counts - 1)).sum() // 2)


def _equal_pairs(kinds: Sequence[Array]) -> int:
    top = max(int(of_file.max()) for of_file in kinds) + 1
    return int(np.prod([np.bincount(of_file, minlength=top) for of_file in kinds], axis=0).sum())


def _altered(first: Rows, second: Rows, kinds: Sequence[Array]) -> Copies | None:
    """Compare the rows that have no equal in either file: what those share is settled by the test of equal rows."""
    if first.numbers.shape[1] == 0:
        return None
    is_single = np.bincount(np.concatenate(kinds)) == 1
    places = [np.flatnonzero(is_single[of_file]) for of_file in kinds]
    if min(map(len, places)) == 0:
        return None
    singles = [
        Rows(file.numbers[place], file.labels[place]) for file, place in zip((first, second), places, strict=True)
    ]
    candidates = [_equal_kinds(*kinds_of(*(rounded(file, digits) for file in singles))) for digits in DIGITS]
    candidates += _near(*singles)
    found = [copies for copies in candidates if copies is not None]
    if not found:
        return None
    strongest = min(found, key=lambda copies: copies.verdict.log10_p)
    pairs = np.column_stack([place[strongest.pairs[:, side]] for side, place in enumerate(places)])
    kind = "rounded" if _is_coarser(first.numbers[pairs[:, 0]], second.numbers[pairs[:, 1]]) else "jittered"
    return Copies(kind, pairs, strongest.verdict)


def _near(first: Rows, second: Rows) -> list[Copies | None]:
    neighbours, distances = near.nearest(near.encoded(first, second))
    return [near_copies(neighbours, distances, len(first), threshold) for threshold in near.DISTANCES]


def near_copies(neighbours: Array, distances: Array, rows_first: int, threshold: float) -> Copies | None:
    """Test nearest neighbours over the rows of both files, the first file's rows first, within a distance.

    Chance is judged by pairs that are each other's nearest: they overlap in no row, so that they are independent. If
    they make a finding, every row of the second file whose nearest lies in the first and within the distance is named.
    """
    pairs = near.mutual_pairs(neighbours)
    in_first = (pairs[distances[pairs[:, 0]] <= threshold] < rows_first).sum(axis=1)
    verdict = sharing(in_first, 2 - in_first, rows_first=rows_first, rows_second=len(neighbours) - rows_first)
    if not verdict.is_finding:
        return None
    rows = np.arange(rows_first, len(neighbours))
    rows = rows[(distances[rows] <= threshold) & (neighbours[rows] < rows_first)]
    return Copies("near", np.column_stack([neighbours[rows], rows - rows_first]), verdict)


def _is_coarser(before: Array, after: Array) -> bool:
    """Tell rounding from noise: the cells that changed have fewer significant digits than they had."""
    changed = (before != after) & ~np.isnan(before) & ~np.isnan(after)
    if not changed.any():
        return False
    return bool(np.mean(_digits(after[changed]) < _digits(before[changed])) >= COARSER)


def _digits(numbers: Array) -> Array:
    """The least number of significant digits that writes each number."""
    digits = np.full(numbers.shape, 17)
    for count in range(16, 0, -1):
        digits[np.isclose(significant(numbers, count), numbers, rtol=1e-12, atol=0)] = count
    return digits


def _first_place(kinds: Array, wanted: Array) -> Array:
    """The first row of each wanted kind."""
    _, places = np.unique(kinds, return_index=True)
    present = kinds[places]
    return np.asarray(places[np.searchsorted(present, wanted)])


def _occurrence(kinds: Array) -> Array:
    """How often each row's kind has occurred before it."""
    order = np.argsort(kinds, kind="stable")
    ordered = kinds[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    before = np.arange(len(kinds)) - np.repeat(starts, np.diff(np.r_[starts, len(kinds)]))
    occurrence = np.empty(len(kinds), dtype=np.int64)
    occurrence[order] = before
    return occurrence
