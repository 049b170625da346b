"""Nearest neighbours, exactly: who is near whom does not depend on the coalition, so it is sorted once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.distances import nearest_first
from valuation.core.errors import InvalidDataError
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import BoolArray, FloatArray, GameRows, IntArray, Predictions, UtilityGame

PAIRS_MAX = 400_000_000  # training times validation rows; each pair takes 4 bytes, or 8 above 65,536 training rows
# A coalition's k nearest are expected within k/share places of the list; beyond this many times that, ranks are used.
PREFIX_FACTOR = 4
# Reading a place of the list costs about as much as this many ranks of members.
PREFIX_COST = 2.0


class KnnUtility(UtilityGame):
    """Majority vote, or mean, of the k nearest rows of the coalition; of all its rows where it has fewer than k.

    Distances are Euclidean. Rows equally near are ordered by player index, so that the coalition's nearest are always
    the same; classes with equally many votes by class code. With class weights a vote counts one over the rows of its
    class in the coalition, which answers as if all its classes were equally frequent.
    """

    cost_note = (
        "One evaluation: a scan of sorted neighbour lists. Memory: 4 bytes a pair of training and validation row."
    )

    def __init__(self, spec: ModelSpec, rows: GameRows) -> None:
        """Sort every validation row's neighbours."""
        super().__init__(spec, rows)
        X, X_valid = rows.X, rows.X_valid
        self._k = int(spec.params["n_neighbors"])
        n, m = len(X), len(X_valid)
        if n * m > PAIRS_MAX:
            raise InvalidDataError(f"Neighbours of {n} training and {m} validation rows need too much memory.")
        index_type = np.uint16 if n <= np.iinfo(np.uint16).max else np.uint32
        self._nearest = np.empty((m, n), dtype=index_type)
        self._rank = np.empty((n, m), dtype=index_type)
        places = np.arange(n, dtype=index_type)
        for chunk, order in nearest_first(X_valid, X):
            self._nearest[chunk] = order
            for row, order_of_row in enumerate(order, start=chunk.start):
                self._rank[order_of_row, row] = places

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        for index, coalition in enumerate(coalitions):
            yield np.array([index]), self._predict(self._neighbours(coalition), coalition)[None]

    def _neighbours(self, coalition: BoolArray) -> IntArray:
        """Players nearest to each validation row, int ``(m, min(k, size))``, in no particular order."""
        members = np.flatnonzero(coalition)
        k = min(self._k, len(members))
        prefix = min(self._n_rows, int(PREFIX_FACTOR * k * self._n_rows / len(members)) + 1)
        everywhere = np.arange(self.n_valid)
        if prefix * PREFIX_COST > len(members):
            return self._by_rank(everywhere, self._rank[members].T, k)
        listed = self._nearest[:, :prefix]
        member = coalition[listed]
        place = member.cumsum(axis=1, dtype=np.int32)
        complete = place[:, -1] >= k
        member &= (place <= k) & complete[:, None]
        chosen = np.empty((self.n_valid, k), dtype=np.int64)
        chosen[complete] = listed[member].reshape(-1, k)
        short = everywhere[~complete]
        if len(short):
            chosen[short] = self._by_rank(short, self._rank[members[:, None], short].T, k)
        return chosen

    def _by_rank(self, rows: IntArray, ranks: NDArray[Any], k: int) -> IntArray:
        """The k players of lowest rank for some validation rows, from the ranks of members, ``(rows, members)``."""
        lowest = np.partition(np.ascontiguousarray(ranks), k - 1, axis=1)[:, :k]
        chosen: IntArray = self._nearest[rows[:, None], lowest].astype(np.int64)
        return chosen

    def _predict(self, neighbours: IntArray, coalition: BoolArray) -> NDArray[Any]:
        targets = self._y[neighbours]
        if self.metric.facts.needs == "numbers":
            # Sorted, so that the mean does not depend on how the neighbours were found.
            return np.asarray(np.sort(targets, axis=1).mean(axis=1))
        votes: NDArray[Any] = np.stack(
            [np.count_nonzero(targets == code, axis=1) for code in range(self._n_classes)], axis=1
        )
        if self.spec.class_weights:
            votes = votes / np.maximum(np.bincount(self._y[coalition], minlength=self._n_classes), 1)
        if self.metric.facts.needs == "labels":
            return np.asarray(votes.argmax(axis=1))
        shares: FloatArray = votes / votes.sum(axis=1, keepdims=True)
        return shares[:, 1] if self.metric.facts.needs == "scores" and self._n_classes == 2 else shares  # noqa: PLR2004
