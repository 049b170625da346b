"""Rows that a file repeats of its own, beyond what its neighbours show: equal ones, also with one column changed."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from marketplace.copies.chance import TILT, repeating
from marketplace.copies.compare import UNSEEN, Copies, equal_pairs, joined
from marketplace.copies.rows import Rows, first_places, kinds_of, taken, without

Array = np.ndarray[Any, Any]


def repeats(own: Rows, others: Sequence[Rows]) -> list[Copies]:
    """Find whether a file repeats its own rows more often than all files together let expect.

    The reference is how often the other files repeat rows, and how often they share rows with this one: of each the
    median file, because what is copied between two files says nothing of chance, and of both the larger, because
    sellers of unlike people share nothing and sellers who remove their repeats have none. A file of one kind of people
    may repeat TILT times as often.

    Rows that are equal in every column are settled first; then each column is left out in turn.
    """
    whole = _repeated(own, others)
    (kinds,) = kinds_of(own)
    rows = np.flatnonzero(_occurrence(kinds) == 0)
    found = []
    for column in range(own.width) if own.width > 1 else ():
        files = [without(other, column) for other in others]
        copies = _repeated(without(taken(own, rows), column), files, tests=own.width)
        if copies is not None:
            found.append(Copies("but_one", rows[copies.pairs], copies.verdict, (column,)))
    return [*([] if whole is None else [whole]), *([_once(found)] if found else [])]


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
