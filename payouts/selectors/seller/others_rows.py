"""What a seller may be told of other sellers' rows: a rule of privacy, and nothing else.

A mean over everybody's rows of one kind tells of a single seller where that seller holds nearly all of them, or where
the reader can take its own rows off and be left with one other. So such a mean is shown only where enough other owners
hold rows of the kind, and none of them nearly all of what others hold.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from valuation.selectors.row_kinds import ColumnKinds, KindMean

# From a mean over two owners each could work out the other's.
OTHER_OWNERS_MIN: Final = 3
# A mean over many owners is nearly that of one who holds nearly all rows.
OWNER_PART_MAX: Final = 0.8


def enough_others(owners: Sequence[int | None], reader: int) -> bool:
    """Whether what all rows did together tells of no single other owner.

    Args:
        owners: Owner of each of the run's sellers.
        reader: The owner who reads it.
    """
    return len({*owners} - {reader}) >= OTHER_OWNERS_MIN


def kinds_shown(column: ColumnKinds, owners: Sequence[int | None], reader: int) -> list[KindMean]:
    """Everybody's means of the kinds of rows that the reader may be told of.

    Args:
        column: Means by kind, seller by seller and over all rows.
        owners: Owner of each seller, in the order of the column's sellers.
        reader: The owner who reads it; accounts of one owner count as one.
    """
    rows: defaultdict[str, Counter[int | None]] = defaultdict(Counter)
    for owner, means in zip(owners, column.sellers, strict=True):
        for mean in means:
            if owner != reader:
                rows[mean.kind][owner] += mean.rows
    return [
        mean
        for mean in column.all
        if len(held := rows[mean.kind]) >= OTHER_OWNERS_MIN and max(held.values()) <= OWNER_PART_MAX * held.total()
    ]
