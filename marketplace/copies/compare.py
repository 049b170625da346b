"""Compare two files: exact, re-ordered, rounded and jittered copies beyond chance, also with one column changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from marketplace.copies import budget, near
from marketplace.copies.chance import Verdict, repeating, sharing
from marketplace.copies.rows import (
    Rows,
    first_places,
    hash_sums,
    kinds_but_for,
    kinds_of,
    rounded,
    significant,
    taken,
    without,
)

Array = np.ndarray[Any, Any]

# Significant digits at which rows are compared: rounding to one keeps the least and shares the most by chance.
DIGITS = (3, 2, 1)
# Copies in their old order follow each other in this fraction of cases; in a shuffled file half of them do.
IN_ORDER = 0.9
# Cells that were rounded, and not moved, where this fraction of the changed ones has fewer digits than before.
COARSER = 0.9
# Changed cells that are looked at for that.
CELLS_LOOKED_AT = 100_000
# Repeats seen among n rows understate their rate; three more bound it from above (the rule of three).
UNSEEN = 3
# How much likelier a column repeats among rows that are equal otherwise than among any two rows.
ALIKE = 3.0


@dataclass(frozen=True)
class Copies:
    """A finding: `pairs`, int64 ``(n, 2)``, are rows of the first file and the rows of the second that copy them.

    Each pair may differ in one of the `columns`, counted over the numbers and then the labels, whatever it says.
    """

    kind: str
    pairs: Array
    verdict: Verdict
    columns: tuple[int, ...] = ()

    @property
    def expected_rows(self) -> float:
        """How many of the rows chance would have named: as many to each kind as there are."""
        return self.verdict.expected * len(self.pairs) / self.verdict.observed


@dataclass(frozen=True)
class _Look:
    """How two files are looked at: which are taken without their repeats, at which digits, as one of how many tests."""

    dedupe: tuple[bool, bool]
    may_be_deduplicated: bool
    is_near: bool
    digits: tuple[int, ...] = DIGITS
    tests: int = 1


class _Pair:
    """Two files, and what is computed of them once, whichever columns are left out and rows of the second taken."""

    def __init__(self, first: Rows, second: Rows) -> None:
        self.first, self.second = first, second

    @cached_property
    def collision_rates(self) -> Array:
        return np.array([_collision_rate(column) for column in _columns(self.first, self.second)])

    @cached_property
    def sums(self) -> tuple[Array, Array]:
        return hash_sums(self.first), hash_sums(self.second)

    def kinds(self, columns: Sequence[int], rows: Array) -> list[Array]:
        """Kinds of all rows of the first file and these of the second, with some columns left out."""
        kinds = kinds_but_for(columns, self.first, self.second, sums=self.sums)
        return [kinds[0], kinds[1][rows]]


def compare(
    first: Rows, second: Rows, *, is_first_padded: bool = False, is_second_padded: bool = False
) -> list[Copies]:
    """Find what the second file copies from the first; empty when chance explains it.

    A file known to be padded with its own rows is taken without its repeats: they would pass for chance. What would
    cost too much in large or wide files is left out, see `budget`: rows that are near each other, not those that are
    equal.
    """
    kinds, pair = kinds_of(first, second), _Pair(first, second)
    size = {"rows": len(first) + len(second), "columns": first.width}
    may_be_deduplicated = any(len(np.unique(of_file)) == len(of_file) for of_file in kinds)
    look = _Look((is_first_padded, is_second_padded), may_be_deduplicated, budget.is_near_searched(**size))
    found = _alike(pair, np.arange(len(second)), kinds, look)
    # Which rows are equal as a whole is settled: chance has been judged by all columns, which tell more apart.
    is_settled = np.isin(kinds[1], kinds[0])
    for copies in found:
        is_settled[copies.pairs[:, 1]] = True
    # Neighbours find rounded rows too; a test for each number of digits and column would take as long as all others.
    look = replace(look, is_near=budget.is_near_searched_without_columns(**size), digits=(), tests=first.width)
    but_one = _alike_but_for_one(pair, np.flatnonzero(~is_settled), look)
    return found if but_one is None else [*found, but_one]


def _alike(pair: _Pair, rows: Array, kinds: Sequence[Array], look: _Look, left_out: Sequence[int] = ()) -> list[Copies]:
    """Look at these rows of the second file, with their kinds and without the columns left out; pairs count them."""
    exact = _equal_kinds(kinds, look)
    found = []
    if exact is not None and not (look.may_be_deduplicated and _is_dense(pair, rows, kinds, left_out)):
        in_order = np.mean(np.diff(exact.pairs[:, 0]) > 0) >= IN_ORDER
        found.append(Copies("exact" if in_order else "reordered", exact.pairs, exact.verdict))
    if not (look.is_near or look.digits):
        return found
    first, second = pair.first, taken(pair.second, rows)
    for column in left_out:
        first, second = without(first, column), without(second, column)
    altered = _altered(first, second, kinds, look)
    return found if altered is None else [*found, altered]


def _alike_but_for_one(pair: _Pair, rows: Array, look: _Look) -> Copies | None:
    """Leave each column out in turn, and look at these rows of the second file.

    Where several make a finding the strongest comes first, and each other is asked again for what those before it
    left: copies of different rows may have been changed in different columns.
    """
    every = range(pair.first.width) if pair.first.width > 1 and rows.size else ()
    found = [copies for column in every if (copies := _alike_without(pair, rows, column, look)) is not None]
    parts: list[Copies] = []
    for strongest in sorted(found, key=lambda copies: copies.verdict.log10_p):
        copies = _alike_without(pair, rows, strongest.columns[0], look) if parts and rows.size else strongest
        if copies is not None and rows.size:
            parts.append(replace(copies, pairs=np.column_stack([copies.pairs[:, 0], rows[copies.pairs[:, 1]]])))
            rows = np.setdiff1d(rows, parts[-1].pairs[:, 1])
    return joined(parts) if parts else None


def _alike_without(pair: _Pair, rows: Array, column: int, look: _Look) -> Copies | None:
    found = _alike(pair, rows, pair.kinds([column], rows), look, [column])
    return joined([Copies("but_one", copies.pairs, copies.verdict, (column,)) for copies in found]) if found else None


def joined(parts: Sequence[Copies]) -> Copies:
    """Findings of one kind about different rows as one; the strongest says how sure it is."""
    pairs = np.concatenate([part.pairs for part in parts])
    verdict = Verdict(
        observed=sum(part.verdict.observed for part in parts),
        expected=sum(part.verdict.expected for part in parts),
        log10_p=min(part.verdict.log10_p for part in parts),
    )
    columns = tuple(sorted({column for part in parts for column in part.columns}))
    return Copies(parts[0].kind, pairs[np.argsort(pairs[:, 1], kind="stable")], verdict, columns)


def _equal_kinds(kinds: Sequence[Array], look: _Look) -> Copies | None:
    first, second = kinds
    top = max(first.max(), second.max()) + 1
    counts = [np.bincount(of_file, minlength=top) for of_file in kinds]
    tested = [np.minimum(count, 1) if drop else count for count, drop in zip(counts, look.dedupe, strict=True)]
    verdict = sharing(*tested, rows_first=int(tested[0].sum()), rows_second=int(tested[1].sum())).among(look.tests)
    if not verdict.is_finding:
        return None
    rows = np.flatnonzero(counts[0][second] > 0)
    return Copies("exact", np.column_stack([first_places(first, second[rows]), rows]), verdict)


def _is_dense(pair: _Pair, rows: Array, kinds: Sequence[Array], left_out: Sequence[int]) -> bool:
    """Whether deduplicated files would share as many equal rows anyway, because rows differ in one column so often.

    Without repeats of their own, files cannot show how common equal rows are. Rows that are equal but for the column
    that tells most apart can: of those, chance makes as many equal as that column repeats (ALIKE times, as people who
    are equal otherwise are more alike than strangers).
    """
    rates = pair.collision_rates.copy()
    rates[list(left_out)] = np.inf
    telling = int(np.argmin(rates))
    chance = min(ALIKE * rates[telling], 0.5)
    but_for_one = pair.kinds([*left_out, telling], rows)
    almost = equal_pairs(but_for_one) - equal_pairs(kinds)
    return not repeating(equal_pairs(kinds), expected=(almost + UNSEEN) * chance / (1 - chance)).is_finding


def _columns(first: Rows, second: Rows) -> list[Array]:
    both = [np.concatenate(sides) for sides in ((first.numbers, second.numbers), (first.labels, second.labels))]
    return [column for cells in both for column in cells.T]


def _collision_rate(cells: Array) -> float:
    """The chance that two cells of a column are equal."""
    _, counts = np.unique(cells, return_counts=True)
    return float((counts * (counts - 1)).sum()) / max(len(cells) * (len(cells) - 1), 1)


def equal_pairs(kinds: Sequence[Array]) -> int:
    top = max(int(of_file.max()) for of_file in kinds) + 1
    return int(np.prod([np.bincount(of_file, minlength=top) for of_file in kinds], axis=0).sum())


def _altered(first: Rows, second: Rows, kinds: Sequence[Array], look: _Look) -> Copies | None:
    """Compare the rows that have no equal in either file: what those share is settled by the test of equal rows."""
    if first.numbers.shape[1] == 0:
        return None
    is_single = np.bincount(np.concatenate(kinds)) == 1
    places = [np.flatnonzero(is_single[of_file]) for of_file in kinds]
    if min(map(len, places)) == 0:
        return None
    singles = [taken(file, place) for file, place in zip((first, second), places, strict=True)]
    look = replace(look, dedupe=(False, False))
    candidates = [_equal_kinds(kinds_of(*(rounded(file, count) for file in singles)), look) for count in look.digits]
    if look.is_near:
        candidates += _near(*singles, tests=look.tests)
    found = [copies for copies in candidates if copies is not None]
    if not found:
        return None
    strongest = min(found, key=lambda copies: copies.verdict.log10_p)
    pairs = np.column_stack([place[strongest.pairs[:, side]] for side, place in enumerate(places)])
    kind = "rounded" if _is_coarser(first.numbers[pairs[:, 0]], second.numbers[pairs[:, 1]]) else "jittered"
    return Copies(kind, pairs, strongest.verdict)


def _near(first: Rows, second: Rows, *, tests: int) -> list[Copies | None]:
    neighbours, distances = near.nearest(near.encoded(first, second))
    return [_near_copies(neighbours, distances, len(first), threshold, tests=tests) for threshold in near.DISTANCES]


def _near_copies(
    neighbours: Array, distances: Array, rows_first: int, threshold: float, *, tests: int = 1
) -> Copies | None:
    """Test nearest neighbours over the rows of both files, the first file's rows first, within a distance.

    Chance is judged by pairs that are each other's nearest: they overlap in no row, so that they are independent. If
    they make a finding, every row of the second file whose nearest lies in the first and within the distance is named.
    """
    pairs = near.mutual_pairs(neighbours)
    in_first = (pairs[distances[pairs[:, 0]] <= threshold] < rows_first).sum(axis=1)
    rows_second = len(neighbours) - rows_first
    verdict = sharing(in_first, 2 - in_first, rows_first=rows_first, rows_second=rows_second).among(tests)
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
    places = np.flatnonzero(changed)
    places = places[:: -(-len(places) // CELLS_LOOKED_AT)]
    return bool(np.mean(_digits(after.flat[places]) < _digits(before.flat[places])) >= COARSER)


def _digits(numbers: Array) -> Array:
    """The least number of significant digits that writes each number."""
    digits = np.full(numbers.shape, 17)
    for count in range(16, 0, -1):
        digits[np.isclose(significant(numbers, count), numbers, rtol=1e-12, atol=0)] = count
    return digits
