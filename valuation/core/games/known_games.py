"""Games whose Shapley values are known in closed form: oracles for every estimator."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import BoolMatrix, FloatVector, Game, IndexVector

_WORD = 64
_SLICE_BYTES = 1 << 23


class SumOfUnanimityGame:
    """``U(S) = sum_j c_j [A_j subset of S]``; the Shapley value of ``i`` is ``sum_{j: i in A_j} c_j / |A_j|``.

    Coalitions and sets are packed into 64-bit words, so that a subset test is one AND a word.
    """

    def __init__(self, sets: BoolMatrix, coefficients: FloatVector) -> None:
        """Take the sets, bool ``(n_sets, n_players)``, none empty, and their coefficients, float64 ``(n_sets,)``."""
        self.n_players = sets.shape[1]
        self.shapley_values: FloatVector = sets.T @ (coefficients / sets.sum(axis=1))
        self._coefficients = coefficients
        self._words = _packed(sets)

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        absent = _packed(~coalitions)
        utilities = np.empty(len(coalitions))
        step = max(1, _SLICE_BYTES // self._words.nbytes)
        for at in range(0, len(coalitions), step):
            missing = np.zeros((len(absent[at : at + step]), len(self._words)), dtype=np.bool_)
            for word in range(self._words.shape[1]):
                missing |= (absent[at : at + step, None, word] & self._words[None, :, word]) != 0
            utilities[at : at + step] = ~missing @ self._coefficients
        return utilities


def _packed(masks: BoolMatrix) -> npt.NDArray[np.uint64]:
    padded = np.pad(masks, ((0, 0), (0, -masks.shape[1] % _WORD)))
    return np.ascontiguousarray(np.packbits(padded, axis=1)).view(np.uint64)


def sou_game(n_players: int, rng: np.random.Generator) -> SumOfUnanimityGame:
    """The benchmark of both papers: ``n^2`` random sets of uniform size, weighted by the mean of ``i mod 4`` over each.

    Args:
        n_players: Number of players.
        rng: Draws the sets.

    Returns:
        The game, utilities divided by the number of sets (FGSV paper, section 4.1).
    """
    n_sets = n_players**2
    sizes = rng.integers(1, n_players, size=n_sets)
    ranks = np.argsort(rng.random((n_sets, n_players)), axis=1)
    sets = ranks < sizes[:, None]
    weights = np.arange(n_players) % 4
    return SumOfUnanimityGame(sets, (sets @ weights) / sizes / n_sets)


class KnownGame(Game, Protocol):
    """A game with its Shapley values."""

    @property
    def shapley_values(self) -> FloatVector:
        """float64 ``(n_players,)``."""
        ...


class DualGame:
    """``U*(S) = U(N) - U(N without S)``, which has the Shapley values of ``U`` (Funaki 1996).

    The dual of a sum of unanimity games pays for every set that a coalition touches: a learning curve, steep and noisy
    at its first rows and flat at the end, where the game itself is flat at first and noisy near the full set.
    """

    def __init__(self, game: KnownGame) -> None:
        """Turn ``game`` round."""
        self.n_players = game.n_players
        self.shapley_values: FloatVector = game.shapley_values
        self._game = game
        self._full = float(game(np.ones((1, game.n_players), dtype=np.bool_))[0])

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        return self._full - self._game(~coalitions)


class LearningCurveGame:
    """``U(S) = 1 - exp(-w(S))``, ``w(S)`` the summed worth of the rows of S: the more are in, the less one more helps.

    Where the others are in with a chance ``q``, each on its own, player ``i`` adds ``b_i prod_{j != i} (1 - q b_j)``
    with ``b = 1 - exp(-w)``. Integrated over ``q`` that is the Shapley value (Owen 1972, doi:10.1287/mnsc.18.5.64).
    """

    def __init__(self, worth: FloatVector) -> None:
        """Take the worth of each row, float64 ``(n_players,)``, not negative."""
        self.n_players = len(worth)
        self._worth = worth

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        return np.asarray(-np.expm1(-(coalitions @ self._worth)))

    def chances(self) -> tuple[FloatVector, FloatVector]:
        """Chances ``q`` and weights of a quadrature over [0, 1] that is exact for polynomials of degree ``n + 2``."""
        nodes, weights = np.polynomial.legendre.leggauss(self.n_players // 2 + 2)
        return (nodes + 1.0) / 2.0, weights / 2.0

    def values_among(self, chances: FloatVector, weights: FloatVector) -> FloatVector:
        """A semivalue, ``sum_q weight(q) E[U(S + i) - U(S)]`` with others in S by chance ``q``, ``(n_players,)``."""
        gains = -np.expm1(-self._worth)
        left = np.log1p(-chances[:, None] * gains)
        return np.asarray(gains * (weights @ np.exp(left.sum(axis=1, keepdims=True) - left)))

    @property
    def shapley_values(self) -> FloatVector:
        """The mean over all chances."""
        return self.values_among(*self.chances())


class GloveGame:
    """``U(S) = min(left gloves in S, right gloves in S)``; the first ``n_left`` players hold a left glove each."""

    def __init__(self, n_left: int, n_right: int) -> None:
        """Set how many players hold which glove."""
        self.n_players = n_left + n_right
        self._n_left = n_left

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        left = coalitions[:, : self._n_left].sum(axis=1)
        return np.asarray(np.minimum(left, coalitions[:, self._n_left :].sum(axis=1)), dtype=np.float64)

    @property
    def shapley_values(self) -> FloatVector:
        """A left glove is worth its chance of making a pair, over all orders (Shapley and Shubik 1969)."""
        n, n_left = self.n_players, self._n_left
        n_right = n - n_left
        left = 0.0
        for size in range(n):
            # It makes a pair where fewer players of its own hand came before it than of the other.
            chances = [
                math.comb(n_left - 1, k) * math.comb(n_right, size - k)
                for k in range(min(size, n_left - 1) + 1)
                if size - k > k
            ]
            left += sum(chances) / math.comb(n - 1, size) / n
        right = (min(n_left, n_right) - n_left * left) / n_right
        return np.array([left] * n_left + [right] * n_right)


class AirportGame:
    """``U(S) = -max cost in S``: a runway must be as long as its largest plane needs (Littlechild and Owen 1973)."""

    def __init__(self, costs: FloatVector) -> None:
        """Take the runway cost of each plane, float64 ``(n_players,)``, not negative."""
        self.n_players = len(costs)
        self._costs = costs

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        return np.asarray(-np.where(coalitions, self._costs, 0.0).max(axis=1, initial=0.0))

    @property
    def shapley_values(self) -> FloatVector:
        """Every piece of runway is shared equally by the planes that need it."""
        order = np.argsort(self._costs, kind="stable")
        steps = np.diff(self._costs[order], prepend=0.0) / np.arange(self.n_players, 0, -1)
        values = np.empty(self.n_players)
        values[order] = -np.cumsum(steps)
        return values


class WeightedVotingGame:
    """``U(S) = 1`` where the votes of ``S`` reach the quota, else 0 (Shapley and Shubik 1954)."""

    def __init__(self, votes: npt.NDArray[np.int64], quota: int) -> None:
        """Take the votes of each player, int ``(n_players,)``, and the quota."""
        self.n_players = len(votes)
        self._votes = votes
        self._quota = quota

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        return (coalitions @ self._votes >= self._quota).astype(np.float64)

    @property
    def shapley_values(self) -> FloatVector:
        """Chance of being pivotal, by counting coalitions of the others by size and votes (dynamic programme)."""
        n, total = self.n_players, int(self._votes.sum())
        values = np.zeros(n)
        for player in range(n):
            counts = np.zeros((n, total + 1))
            counts[0, 0] = 1.0
            for votes in np.delete(self._votes, player):
                shifted = np.zeros_like(counts)
                shifted[1:, votes:] = counts[:-1, : total + 1 - votes]
                counts += shifted
            pivotal = counts[:, max(0, self._quota - int(self._votes[player])) : self._quota].sum(axis=1)
            values[player] = sum(pivotal[size] / math.comb(n - 1, size) for size in range(n)) / n
        return values


class NeedleGame:
    """``U(S) = sum_j effects[j] [j in S] fade(|S|)``: few rows do something, alone or the more the fewer others are in.

    With ``fade(s) = s^(-power)``. A needle adds ``fade(s + 1)`` to ``s`` others, whoever they are; anybody else changes
    what the needles already in are worth.
    """

    def __init__(self, effects: FloatVector, power: float = 0.0) -> None:
        """Take the effect of each row, float64 ``(n_players,)``, mostly 0, and how fast it fades."""
        self.n_players = len(effects)
        self._effects = effects
        self._power = power

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        sizes = np.maximum(coalitions.sum(axis=1), 1)
        return np.asarray((coalitions @ self._effects) * sizes**-self._power, dtype=np.float64)

    @property
    def shapley_values(self) -> FloatVector:
        """A needle's own effect at every size, and what it loses to each other row that joins after it."""
        n = self.n_players
        sizes = np.arange(1, n + 1)
        fade = sizes**-self._power
        if n == 1:
            return self._effects * fade
        # Before the row that joins s others there is a given other one with chance s / (n - 1).
        lost = float((sizes[:-1] / (n - 1)) @ np.diff(fade)) / n
        return np.asarray(self._effects * fade.mean() + (self._effects.sum() - self._effects) * lost)


class QuotaGame:
    """``U(S) = 1`` where S holds at least the quota of rows of every type, else 0: voting by types.

    One type with a quota is a threshold, several rare rows of which one is enough a quota of 1.
    """

    def __init__(self, types: IndexVector, quotas: Sequence[int]) -> None:
        """Take the type of each row, int ``(n_players,)``, and the quota of each type; types beyond are of no use."""
        self.n_players = len(types)
        self._types = types
        self._quotas = tuple(quotas)

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        met = [coalitions[:, self._types == kind].sum(axis=1) >= quota for kind, quota in enumerate(self._quotas)]
        return np.asarray(np.all(met, axis=0), dtype=np.float64)

    @property
    def shapley_values(self) -> FloatVector:
        """Owen's integral: a row decides where its type is one short and all others have enough."""
        nodes, weights = np.polynomial.legendre.leggauss(self.n_players // 2 + 2)
        chances, weights = (nodes + 1.0) / 2.0, weights / 2.0
        counts = [int((self._types == kind).sum()) for kind in range(len(self._quotas))]
        enough = [
            np.sum([_binomial_chance(count, k, chances) for k in range(quota, count + 1)], axis=0)
            for count, quota in zip(counts, self._quotas, strict=True)
        ]
        values = np.zeros(self.n_players)
        for kind, quota in enumerate(self._quotas):
            if not 1 <= quota <= counts[kind]:
                continue
            others = np.prod([one for other, one in enumerate(enough) if other != kind], axis=0)
            short = _binomial_chance(counts[kind] - 1, quota - 1, chances)
            values[self._types == kind] = float(weights @ (short * others))
        return values


def _binomial_chance(n: int, k: int, chances: FloatVector) -> FloatVector:
    return np.asarray(math.comb(n, k) * chances**k * (1.0 - chances) ** (n - k))


class ParityGame:
    """``U(S) = 1`` where S holds an odd number of the marked rows, else 0: no coalition is like its neighbours."""

    def __init__(self, marked: npt.NDArray[np.bool_]) -> None:
        """Take which rows count, bool ``(n_players,)``."""
        self.n_players = len(marked)
        self._marked = marked

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        return np.asarray(coalitions[:, self._marked].sum(axis=1) % 2, dtype=np.float64)

    @property
    def shapley_values(self) -> FloatVector:
        """Marked rows are alike and share what all of them come to."""
        marked = int(self._marked.sum())
        return np.where(self._marked, (marked % 2) / max(1, marked), 0.0)
