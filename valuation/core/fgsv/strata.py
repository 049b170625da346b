"""Strata of coalition sizes, geometric toward both ends, and how each of them is estimated."""

from dataclasses import dataclass
from math import comb

from valuation.core.fgsv.draws import DEVIATION
from valuation.core.plans.block_kinds import BlockKind

# Measured on Adult (benchmarks/fgsv_design.py): pairs pay once a coalition has about two rows a group, because only
# then do the two sets of a pair share most rows ...
_COVARIANCE_SIZES_MAX = 12
_COVARIANCE_ROWS_PER_GROUP = 2
# ... and a fixed deviation beats the hypergeometric one where that has become smaller, at 1 / DEVIATION^2 rows a group.
_WEIGHING_ROWS_PER_GROUP = round(1 / DEVIATION**2)
# Pairs solve for a slope of every group, and so ask four pairs a group of every stratum, whether or not there is noise
# to speak of at its sizes. With many groups they may take this part of the budget in the pilot, or single coalitions
# are drawn at all sizes (tests/oracles/test_many_sellers.py).
_FEW_GROUPS = 8
_PAIRS_PART = 8
# In pairs a group is told of only where its counts differ: with a smaller variance of its count in a coalition that is
# less than every fifth pair, and a pilot might not tell of it at all.
_COUNT_VARIANCE_MIN = 0.1
_RATIOS = (1.5, 2.0, 3.0, 5.0, 9.0)
_PILOT_DRAWS = 32
_PILOT_DRAWS_MIN = 8
# The pilot may take this part of the budget; the rest goes where the pilot finds the noise.
_PILOT_PART = 3
# A size with few coalitions is enumerated when that costs less than this part of the budget, and never many times a
# pilot: single rows of a large pool say little.
_ENUMERATION_PART = 16
_ENUMERATION_MAX = 512


@dataclass(frozen=True)
class Stratum:
    """Sizes ``low..high`` (inclusive), sampled uniformly, with one way of estimating the sum of T(s) over them.

    Attributes:
        low: Smallest coalition size.
        high: Largest coalition size.
        kind: ``ENUMERATION`` (exact), ``COVARIANCE`` (lemma 1), ``COUPLED`` (lemma 1 by pairs) or ``WEIGHING``
            (theorem 2 by pairs).
        pilot: Draws of the first wave; for an enumeration all coalitions there are.
    """

    low: int
    high: int
    kind: BlockKind
    pilot: int

    @property
    def n_sizes(self) -> int:
        """Number of sizes in the stratum."""
        return self.high - self.low + 1

    @property
    def middle(self) -> float:
        """Mean coalition size."""
        return (self.low + self.high) / 2

    @property
    def evaluations_per_draw(self) -> int:
        """Utility evaluations of one draw."""
        return 2 if self.paired else 1

    @property
    def paired(self) -> bool:
        """Whether a draw is a pair of coalitions."""
        return self.kind in {BlockKind.COUPLED, BlockKind.WEIGHING}


def make_strata(n_players: int, n_groups: int, budget: int, *, smallest: int) -> tuple[Stratum, ...]:
    """Cut sizes ``1..n-1`` into strata whose pilot fits the budget.

    Boundaries depend on ``n_players`` and, when the budget is tight, on the budget; not on how rows are grouped, so
    that two groupings of the same rows share the draws of their covariance strata.

    Args:
        n_players: Number of rows ``n``.
        n_groups: Number of groups.
        budget: Utility evaluations left for strata.
        smallest: Rows of the smallest group.

    Returns:
        Strata in order of size; empty where no contrast exists (one row or one group).
    """
    if n_players <= 1 or n_groups <= 1:
        return ()
    if 2**n_players - 2 <= budget:
        return tuple(Stratum(s, s, BlockKind.ENUMERATION, comb(n_players, s)) for s in range(1, n_players))
    strata = _cut(n_players, n_groups, budget, smallest=smallest)
    dear = sum(2 * stratum.pilot for stratum in strata if stratum.paired) * _PAIRS_PART > budget
    return _cut(n_players, n_groups, budget, smallest=None) if dear and n_groups > _FEW_GROUPS else strata


def _cut(n_players: int, n_groups: int, budget: int, *, smallest: int | None) -> tuple[Stratum, ...]:
    """The strata; without pairs where ``smallest`` is ``None``."""
    strata: tuple[Stratum, ...] = ()
    for ratio in _RATIOS:
        for pilot in (_PILOT_DRAWS, _PILOT_DRAWS_MIN):
            strata = tuple(
                _stratum(low, high, n_players, n_groups=n_groups, budget=budget, pilot=pilot, smallest=smallest)
                for low, high in _edges(n_players, ratio)
            )
            if pilot_evaluations(strata) * _PILOT_PART <= budget:
                return strata
    return strata


def pilot_evaluations(strata: tuple[Stratum, ...]) -> int:
    """Utility evaluations of the first wave."""
    return sum(stratum.pilot * stratum.evaluations_per_draw for stratum in strata)


def _edges(n: int, ratio: float) -> list[tuple[int, int]]:
    """Sizes 1..n//2 in geometric steps, then their mirror image."""
    lower: list[tuple[int, int]] = []
    low = 1
    while low <= n // 2:
        high = min(max(low, int(low * ratio) - 1), n // 2)
        lower.append((low, high))
        low = high + 1
    mirrored = [(n - high, n - low) for low, high in reversed(lower)]
    if n % 2 == 0:  # the middle size n/2 is its own mirror image
        low, high = mirrored[0]
        mirrored = ([(low + 1, high)] if high > low else []) + mirrored[1:]
    return lower + mirrored


def _stratum(low: int, high: int, n: int, *, n_groups: int, budget: int, pilot: int, smallest: int | None) -> Stratum:
    n_coalitions = comb(n, low) if low == high and min(low, n - low) <= 2 else None  # noqa: PLR2004 - larger sizes are never few
    if n_coalitions is not None and n_coalitions <= max(pilot, min(_ENUMERATION_MAX, budget // _ENUMERATION_PART)):
        return Stratum(low, high, BlockKind.ENUMERATION, n_coalitions)
    unpaired = max(_COVARIANCE_SIZES_MAX, _COVARIANCE_ROWS_PER_GROUP * n_groups)
    part, near = (smallest or 0) / n, min(low, n - high)
    seldom = near * (n - near) / n * part * (1 - part) < _COUNT_VARIANCE_MIN
    if high <= unpaired or low >= n - unpaired or seldom:
        return Stratum(low, high, BlockKind.COVARIANCE, pilot)
    pairs = max(3 * pilot // 4, 4 * n_groups)
    weighed = min(low, n - high) >= _WEIGHING_ROWS_PER_GROUP * n_groups
    return Stratum(low, high, BlockKind.WEIGHING if weighed else BlockKind.COUPLED, pairs)
