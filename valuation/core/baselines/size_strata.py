"""Shapley values from coalitions stratified by size: the frame of one-for-all and of stratified SVARM.

``phi_i = (U(N) - U(empty)) / n + (1/n) sum_{s=1}^{n-1} d_i(s)``, where ``d_i(s)`` is the mean utility of coalitions of
``s`` rows with row i minus that of coalitions of ``s`` rows without it: Shapley's formula with its terms collected by
size.
"""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import BoolMatrix, FloatVector, Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import (
    IntVector,
    coalitions_of,
    every_coalition,
    filled,
    number_of,
    seeded,
    shared_out,
)
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ends_of

SAMPLES_MIN = 64
# So often a row has to be in a coalition of two, as expected. What it adds to one other is interpolated otherwise, from
# what it adds to none and to several, which on a steep curve is far off; no scatter tells of that.
MET_MIN = 1.5
# A row seen once or twice at a size has no variance of its own to speak of: that of all coalitions of the size counts
# as if it were one more draw.
_PRIOR_DRAWS = 1.0
# Up to three rows the sizes that are enumerated anyway are all there are.
_ALL_ENUMERATED = 3


class SumOverSizes:
    """Sum over all sizes of quantities known at some: linear in between, level beyond the first and last known.

    Sizes come in ascending order, each with the rows that know something there, so that nothing has to be kept.
    """

    def __init__(self, n_values: int, first: int, last: int) -> None:
        """Sum over sizes ``first..last`` of ``n_values`` quantities."""
        self._first, self._last = first, last
        self._known = np.zeros(n_values, dtype=np.bool_)
        self._before, self._at = np.zeros(n_values), np.zeros(n_values)
        self._value, self._variance = np.zeros(n_values), np.zeros(n_values)
        self._total, self._total_variance = np.zeros(n_values), np.zeros(n_values)

    def add(self, size: int, known: BoolMatrix, values: FloatVector, variances: FloatVector) -> None:
        """Take in values with the variances of their errors where ``known``, bool ``(n_values,)``."""
        self._weigh(known & self._known, float(size))
        # The first one known stands for all sizes below it: that is a weight of at - first + 1/2 to its left.
        first = 2.0 * self._first - 1.0 - size
        self._before = np.where(known, np.where(self._known, self._at, first), self._before)
        self._at = np.where(known, float(size), self._at)
        self._value = np.where(known, values, self._value)
        self._variance = np.where(known, variances, self._variance)
        self._known = self._known | known

    def _weigh(self, which: BoolMatrix, after: float | FloatVector) -> None:
        """Give the last known ones half of the way from the ones before to the ones after."""
        weights = np.where(which, (after - self._before) / 2.0, 0.0)
        self._total = self._total + weights * self._value
        self._total_variance = self._total_variance + weights**2 * self._variance

    def finished(self) -> tuple[FloatVector, FloatVector]:
        """Sums and the variances of their errors, float64 ``(n_values,)`` each; nothing known sums to 0."""
        self._weigh(self._known, 2.0 * self._last + 1.0 - self._at)
        self._known = np.zeros_like(self._known)
        return self._total, self._total_variance


def cell_means(members: BoolMatrix, utilities: FloatVector, variance: float) -> tuple[FloatVector, FloatVector]:
    """Mean utility of the coalitions that each row is marked in, and the variance of that mean.

    Args:
        members: bool ``(n_coalitions, n)``.
        utilities: float64 ``(n_coalitions,)``, about a utility of the game, so that squares do not cancel.
        variance: Variance of the utilities of all coalitions of this size.

    Returns:
        Means and variances, float64 ``(n,)`` each; 0 where a row is marked nowhere.
    """
    counts = members.sum(axis=0)
    some = np.maximum(counts, 1)
    means = utilities @ members / some
    squares = np.maximum(utilities**2 @ members - counts * means**2, 0.0)
    variances = (squares + _PRIOR_DRAWS * variance) / (some - 1 + _PRIOR_DRAWS) / some
    return means, np.where(counts > 0, variances, 0.0)


def draws_of_sizes(probabilities: FloatVector, draws: int, rng: np.random.Generator) -> IntVector:
    """Draws of each size, int ``(n_sizes,)``: in proportion, and by twos, so that a size met has a variance."""
    return 2 * shared_out(draws // 2 * probabilities, rng)


def _inner_draws(
    n_players: int, probabilities: FloatVector, draws: int, rng: np.random.Generator
) -> tuple[IntVector, BoolMatrix]:
    """Draws of sizes ``2..n - 2``, and which of them are as many as there are coalitions, so that all are taken."""
    numbers = np.array([number_of(size, n_players) for size in range(2, n_players - 1)])
    if draws >= numbers.sum():
        return numbers.astype(np.int64), np.ones(len(numbers), dtype=np.bool_)
    expected = filled(numbers, probabilities, draws)
    complete = np.asarray(expected >= numbers)
    left = expected * ~complete
    counts = draws_of_sizes(left / left.sum(), int(draws - numbers[complete].sum()), rng)
    return np.where(complete, np.minimum(numbers, draws), counts).astype(np.int64), complete


def shapley_by_size(
    game: Game, probabilities: FloatVector, *, budget: int, rng: np.random.Generator, method_version: str
) -> PointValues:
    """Shapley value of every row from the contrasts ``d_i(s)``.

    Sizes 0, 1, ``n - 1`` and ``n`` are enumerated (``2 n + 2`` evaluations, part of the budget). The others get their
    share of draws by systematic sampling; each draw informs every row. A size whose share reaches the number of its
    coalitions is enumerated too, and what that leaves goes to the others; with ``2^n`` all are. Where a row was not
    both in and out at a size, its contrast is interpolated between the nearest sizes where it was.

    Args:
        game: The game; of one row or none values are exact.
        probabilities: Share of draws of each size ``2..n - 2``, float64 ``(max(0, n - 3),)``, summing to 1.
        budget: Most utility evaluations to spend.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        method_version: Name and version of the method that calls.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units; exact up to three rows, and from ``2^n``
        evaluations. Values need not sum to ``U(N) - U(empty)``. Standard errors do not hold what interpolation leaves,
        and are ``None`` where that is much: where a row is expected in fewer than 1.5 of the coalitions of two.

    Raises:
        BudgetTooSmallError: The budget covers neither the enumerated sizes and 64 draws nor all coalitions.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if (exact := value_of_only_player(game, budget, method_version)) is not None:
        return exact
    n = game.n_players
    enumerated = 2 * n + 2 if n > _ALL_ENUMERATED else 2**n
    needed = min(2**n, enumerated + SAMPLES_MIN)
    if budget < needed:
        raise BudgetTooSmallError(budget, needed)
    seed, rng = seeded(rng)
    empty, full = utilities_of(game, ends_of(n))
    total, spent = SumOverSizes(n, 1, n - 1), enumerated
    everybody, nothing = np.ones(n, dtype=np.bool_), np.zeros(n)
    total.add(1, everybody, _contrasts_of_one(game), nothing)
    if n > _ALL_ENUMERATED:
        counts, complete = _inner_draws(n, probabilities, budget - enumerated, rng)
        spent += int(counts.sum())
        for size in np.flatnonzero(counts) + 2:
            if complete[size - 2]:
                _add_whole_size(total, game, int(size), float(empty))
                continue
            _add_size(total, game, int(size), int(counts[size - 2]), centre=float(empty), rng=rng)
    if n > 2:  # noqa: PLR2004 - of two rows, one row is all but one
        total.add(n - 1, everybody, _contrasts_of_all_but_one(game), nothing)
    sums, variances = total.finished()
    seed_used = seed if spent < 2**n else None
    errors = np.sqrt(variances) / n if spent == 2**n or _pairs_known(n, probabilities, budget - enumerated) else None
    return PointValues((full - empty + sums) / n, errors, spent, seed_used, method_version)


def _pairs_known(n_players: int, probabilities: FloatVector, draws: int) -> bool:
    """Whether rows are drawn often enough in coalitions of two for standard errors to be honest."""
    return bool(2 * draws * probabilities[0] >= MET_MIN * n_players)


def _contrasts_of_one(game: Game) -> FloatVector:
    """``U({i})`` minus the mean of ``U({j})`` over the others."""
    n = game.n_players
    utilities = utilities_of(game, np.eye(n, dtype=np.bool_))
    utilities = utilities - utilities[0]  # so that equal ones have a mean without rounding
    return np.asarray((utilities - utilities.mean()) * (n / (n - 1)))


def _contrasts_of_all_but_one(game: Game) -> FloatVector:
    """The mean of ``U(N - j)`` over the others, minus ``U(N - i)``."""
    n = game.n_players
    utilities = utilities_of(game, ~np.eye(n, dtype=np.bool_))
    utilities = utilities - utilities[0]
    return np.asarray((utilities.mean() - utilities) * (n / (n - 1)))


def _add_whole_size(total: SumOverSizes, game: Game, size: int, centre: float) -> None:
    members = every_coalition(size, game.n_players)
    utilities = utilities_of(game, members) - centre
    inside, _ = cell_means(members, utilities, 0.0)
    outside, _ = cell_means(~members, utilities, 0.0)
    n = game.n_players
    total.add(size, np.ones(n, dtype=np.bool_), inside - outside, np.zeros(n))


def _add_size(
    total: SumOverSizes, game: Game, size: int, draws: int, *, centre: float, rng: np.random.Generator
) -> None:
    members = coalitions_of(np.full(draws, size), game.n_players, rng)
    utilities = utilities_of(game, members) - centre
    variance = float(utilities.var(ddof=1))
    inside, inside_variance = cell_means(members, utilities, variance)
    outside, outside_variance = cell_means(~members, utilities, variance)
    known = np.asarray(members.any(axis=0) & ~members.all(axis=0))
    total.add(size, known, inside - outside, inside_variance + outside_variance)
