"""What an estimator sees: players, coalitions and their utility; and how a game over rows becomes one over sellers."""

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError, InvalidGroupsError, UtilityNotFiniteError, UtilityTooLargeError

BoolMatrix = npt.NDArray[np.bool_]
FloatVector = npt.NDArray[np.float64]
FloatMatrix = npt.NDArray[np.float64]
IndexVector = npt.NDArray[np.intp]
IndexMatrix = npt.NDArray[np.intp]

# Coalitions are evaluated in slices of this many rows, fewer where the masks of a slice would pass 16 MiB: results
# must not depend on how much memory a machine has, so the slice depends on the number of players alone.
_SLICE = 256
_SLICE_BYTES = 1 << 24
# Variances are sums of squares: of larger utilities they would overflow, and an error would be infinite or no number.
UTILITY_MAX = 1e100


@runtime_checkable
class Game(Protocol):
    """A cooperative game evaluated in batches.

    ``game(coalitions)`` takes bool ``(n_coalitions, n_players)`` and returns utilities, float64 ``(n_coalitions,)``.
    """

    @property
    def n_players(self) -> int:
        """Number of players."""
        ...

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utility of each coalition."""
        ...


@runtime_checkable
class RowwiseGame(Game, Protocol):
    """A game whose utility is a mean over validation rows and can be had row by row."""

    def rowwise(self, coalitions: BoolMatrix) -> FloatMatrix:
        """Scores, float64 ``(n_coalitions, n_validation_rows)``; their mean over axis 1 is the utility."""
        ...


def as_coalitions(coalitions: npt.ArrayLike, n_players: int) -> BoolMatrix:
    """Coalitions as an array, bool ``(n_coalitions, n_players)``; lists of lists of truths are as good.

    Raises:
        InvalidDataError: They have another shape or type.
    """
    try:
        array = np.asarray(coalitions)
    except ValueError as error:  # rows of unlike length
        raise InvalidDataError(f"Coalitions are no array: {error}") from error
    if array.dtype != np.bool_ or array.ndim != 2 or array.shape[1] != n_players:  # noqa: PLR2004 - rows and columns
        raise InvalidDataError(
            f"Coalitions are {array.dtype} {array.shape}; expected bool (coalitions, {n_players}): one row a "
            "coalition, True for each player who belongs to it."
        )
    return array


def is_rowwise(game: Game) -> bool:
    """Whether ``game`` can score validation rows one by one (a ``rowwise`` of ``None`` means it cannot)."""
    return callable(getattr(game, "rowwise", None))


def row_strata(game: Game) -> IndexVector | None:
    """Stratum of each validation row, int ``(m,)``, where a row's weight follows from how many its stratum has."""
    return getattr(game, "row_strata", None)


def scores(game: Game, coalitions: BoolMatrix) -> tuple[FloatVector, FloatMatrix | None]:
    """Evaluate coalitions, row by row where the game allows it.

    Args:
        game: The game.
        coalitions: bool ``(n_coalitions, n_players)``.

    Returns:
        Utilities, float64 ``(n_coalitions,)``, and the scores of the validation rows, float64 ``(n_coalitions,
        n_rows)``, or ``None`` where the game has no ``rowwise``.

    Raises:
        UtilityNotFiniteError: The game answered NaN or infinity; no estimate may carry that on.
        UtilityTooLargeError: It answered more than 1e100 in absolute value, as a whole or for a row.
    """
    rows: FloatMatrix | None = None
    if is_rowwise(game):
        rows = np.asarray(cast("RowwiseGame", game).rowwise(coalitions), dtype=np.float64)
        utilities = rows.mean(axis=1)
    else:
        utilities = np.asarray(game(coalitions), dtype=np.float64)
    if utilities.shape != (len(coalitions),) or not np.isfinite(utilities).all():
        raise UtilityNotFiniteError(utilities)
    answers = utilities if rows is None else rows
    largest = max(answers.max(initial=0.0), -answers.min(initial=0.0))
    if largest > UTILITY_MAX:
        raise UtilityTooLargeError(largest, UTILITY_MAX)
    return utilities, rows


def slice_length(n_players: int) -> int:
    """How many coalitions of ``n_players`` are evaluated in one call."""
    return max(1, min(_SLICE, _SLICE_BYTES // max(1, n_players)))


def utilities_of(game: Game, coalitions: BoolMatrix) -> FloatVector:
    """Utilities of many coalitions, evaluated in slices of bounded memory, float64 ``(n_coalitions,)``."""
    step = slice_length(game.n_players)
    parts = [scores(game, coalitions[at : at + step])[0] for at in range(0, len(coalitions), step)]
    return np.concatenate(parts) if parts else np.zeros(0)


def check_groups(groups: Sequence[npt.ArrayLike], n_players: int, *, covering: bool = False) -> list[IndexVector]:
    """Return the groups as index vectors after checking that they are disjoint sets of players.

    Args:
        groups: Player indices of each group, int ``(group_size,)``; a group may be empty.
        n_players: Number of players; indices lie in ``range(n_players)``.
        covering: Also require that every player belongs to a group.

    Raises:
        InvalidGroupsError: There is no group, an index is no integer, out of range or used twice, or a player is
            missing.
    """
    given = [np.asarray(group) for group in groups]
    if not given:
        raise InvalidGroupsError("There is no group to value.")
    # A group of nobody, [], is an array of floats to numpy.
    if any(group.size and group.dtype.kind not in "iu" for group in given):
        raise InvalidGroupsError("Player indices must be integers; of a mask take np.flatnonzero(mask).")
    checked = [group.reshape(-1).astype(np.intp) for group in given]
    members = np.concatenate(checked)
    if members.size and (members.min() < 0 or members.max() >= n_players):
        raise InvalidGroupsError(f"Player indices must lie in 0..{n_players - 1}.")
    if np.unique(members).size != members.size:
        raise InvalidGroupsError("A player belongs to two groups, or twice to one.")
    if covering and members.size != n_players:
        raise InvalidGroupsError(f"{n_players - members.size} players belong to no group.")
    return checked


def group_labels(groups: Sequence[IndexVector], n_players: int) -> IndexVector:
    """Group index of every player, int ``(n_players,)``; players of no group get ``len(groups)``."""
    labels = np.full(n_players, len(groups), dtype=np.intp)
    for label, group in enumerate(groups):
        labels[group] = label
    return labels


class GroupGame:
    """The game of sellers ``V(A) = U(union of G_g, g in A)`` over a game ``U`` of rows."""

    def __init__(self, game: Game, groups: Sequence[npt.ArrayLike]) -> None:
        """Lift ``game`` to ``groups`` (disjoint; rows of no group are never trained on)."""
        self._game = game
        self._groups = check_groups(groups, game.n_players)
        self._labels = group_labels(self._groups, game.n_players)
        if is_rowwise(game):
            self.rowwise = self._rowwise
            self.row_strata = row_strata(game)

    @property
    def n_players(self) -> int:
        """Number of groups."""
        return len(self._groups)

    def _members(self, coalitions: BoolMatrix) -> BoolMatrix:
        coalitions = as_coalitions(coalitions, self.n_players)
        nobody = np.zeros((len(coalitions), 1), dtype=np.bool_)
        return np.hstack([coalitions, nobody])[:, self._labels]

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utility of the rows of the groups in each coalition, float64 ``(n_coalitions,)``."""
        return utilities_of(self._game, self._members(coalitions))

    def _rowwise(self, coalitions: BoolMatrix) -> FloatMatrix:
        return cast("RowwiseGame", self._game).rowwise(self._members(coalitions))


def group_game(game: Game, groups: Sequence[npt.ArrayLike]) -> GroupGame:
    """Lift a game over rows to a game over disjoint groups of rows.

    Args:
        game: Game over ``n`` rows.
        groups: Row indices of each group, int ``(group_size,)``.

    Returns:
        The game of ``len(groups)`` players, with ``rowwise`` where ``game`` has it.

    Raises:
        InvalidGroupsError: The groups overlap or point outside the rows.
    """
    return GroupGame(game, groups)


class CachedGame:
    """A game that asks another one at most once about each coalition; ``evaluations`` counts the questions asked."""

    def __init__(self, game: Game) -> None:
        """Cache ``game``, keyed by the packed bits of the coalition (never by an object's address)."""
        self._game = game
        self._known: dict[bytes, float] = {}
        self.evaluations = 0

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self._game.n_players

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        coalitions = as_coalitions(coalitions, self.n_players)
        keys = [packed.tobytes() for packed in np.packbits(coalitions, axis=1)]
        new = {key: at for at, key in enumerate(keys) if key not in self._known}
        if new:
            utilities = utilities_of(self._game, coalitions[list(new.values())])
            self._known.update(zip(new, utilities.tolist(), strict=True))
            self.evaluations += len(new)
        return np.array([self._known[key] for key in keys], dtype=np.float64)
