"""Mean values of a run's rows by kind: by class of the target, and by each category column."""

import math
from dataclasses import dataclass

from valuation.documents import KindMeans
from valuation.models import ValuationRun


@dataclass(frozen=True)
class KindMean:
    """Rows of one kind: how many, their mean value in the buyer's metric, and how far it is ahead of all other rows."""

    kind: str
    rows: int
    mean: float
    standard_error: float
    ahead: float
    ahead_standard_error: float

    @property
    def surely_ahead(self) -> float:
        """How many standard errors it is ahead, below 0 where it is behind; infinite where nothing varies."""
        if self.ahead_standard_error == 0:
            return math.copysign(math.inf, self.ahead) if self.ahead else 0.0
        return self.ahead / self.ahead_standard_error


@dataclass(frozen=True)
class ColumnKinds:
    """One column's kinds, seller by seller in the order of the manifest, and over all rows.

    Kinds of too few rows to tell are missing.
    """

    column: str
    sellers: tuple[tuple[KindMean, ...], ...]
    all: tuple[KindMean, ...]


def row_kinds(run: ValuationRun) -> list[ColumnKinds]:
    """By column, the target's classes first; none for runs that kept no means of rows."""
    outcome = run.finished_outcome
    return [
        ColumnKinds(
            column=column.column,
            sellers=tuple(_means(column.kinds, means) for means in column.sellers),
            all=_means(column.kinds, column.all),
        )
        for column in (outcome.hcdv.kinds if outcome.hcdv else ())
    ]


def _means(names: tuple[str, ...], stored: KindMeans) -> tuple[KindMean, ...]:
    figures = (stored.rows, stored.means, stored.standard_errors, stored.ahead, stored.ahead_standard_errors)
    return tuple(KindMean(names[kind], *found) for kind, *found in zip(stored.kinds, *figures, strict=True))
