"""One order of groups and rows however they are listed: draws and sums follow it, so that another list moves nothing.

Where a game knows what its rows hold it ranks them (``row_ranks``), equal rows alike, and draws are of rows in the
order of their ranks: pooled in another order, the same rows have the same values but for rounding. Elsewhere a row is
its index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from valuation.core.games.game import (
    BoolMatrix,
    FloatMatrix,
    FloatVector,
    Game,
    IndexVector,
    RowwiseGame,
    is_rowwise,
    row_strata,
)


def in_canonical_order(
    groups: Sequence[IndexVector], ranks: IndexVector | None = None
) -> tuple[list[IndexVector], IndexVector]:
    """Groups by their lowest rows, groups of nobody last; rows of each ascending.

    Args:
        groups: Row indices of each group, disjoint.
        ranks: Rank of each row, int ``(n_rows,)``; the row's index without.

    Returns:
        The groups in canonical order, and the place of each given group among them, int ``(n_groups,)``: what is known
        of the ordered groups, indexed by the places, is in the order given.
    """
    sorted_rows = [
        np.sort(group) if ranks is None else group[np.argsort(ranks[group], kind="stable")] for group in groups
    ]
    keys = [(rows if ranks is None else ranks[rows]).tolist() for rows in sorted_rows]
    order = sorted(range(len(groups)), key=lambda given: (not keys[given], keys[given]))
    return [sorted_rows[given] for given in order], np.argsort(order, kind="stable")


@dataclass(frozen=True, eq=False)
class Canonical:
    """A game and its groups as draws see them.

    Attributes:
        game: The game over rows in the order of their ranks.
        groups: Groups in canonical order, of such rows.
        places: See :func:`in_canonical_order`.
    """

    game: Game
    groups: list[IndexVector]
    places: IndexVector


def canonical(game: Game, groups: Sequence[IndexVector]) -> Canonical:
    """Bring groups into their canonical order, and rows too where the game ranks them.

    Args:
        game: The game; ``row_ranks``, where it has them, int ``(n_players,)``, are equal for rows that hold the same.
        groups: Row indices of each group, disjoint, covering all rows.
    """
    ranks: IndexVector | None = getattr(game, "row_ranks", None)
    ordered, places = in_canonical_order(groups, ranks)
    if ranks is None:
        return Canonical(game, ordered, places)
    # Equal rows of two groups stand in the order of the groups.
    listed = np.concatenate(ordered)
    rows = listed[np.argsort(ranks[listed], kind="stable")]
    positions = np.empty(len(rows), dtype=np.intp)
    positions[rows] = np.arange(len(rows))
    return Canonical(_RankedGame(game, rows), [np.sort(positions[group]) for group in ordered], places)


class _RankedGame:
    """A game whose player ``j`` is row ``rows[j]`` of another; ``rowwise`` is there where that one has it."""

    def __init__(self, game: Game, rows: IndexVector) -> None:
        self.n_players = game.n_players
        self._game, self._rows = game, rows
        self.rowwise = self._rowwise if is_rowwise(game) else None
        self.row_strata = row_strata(game)

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        return self._game(self._given(coalitions))

    def _rowwise(self, coalitions: BoolMatrix) -> FloatMatrix:
        return cast("RowwiseGame", self._game).rowwise(self._given(coalitions))

    def _given(self, coalitions: BoolMatrix) -> BoolMatrix:
        given = np.empty_like(coalitions)
        given[:, self._rows] = coalitions
        return given
