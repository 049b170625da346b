"""How many like rows two innocent files share: what chance allows before anybody is asked to look."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# One test in a million goes wrong where nobody copied. A pair of files takes 7 tests of whole rows, and 4 of rows
# without one column, each at a level divided by the columns. A file by itself takes 3: of equal rows, of near rows at a
# level divided by their distances, and of rows without one column. A market of 100 sellers and the validation rows
# makes 5,050 comparisons of 11 tests and 300 more: the chance that any innocent one is found is below 6 %, and with 20
# sellers below 0.3 %.
LEVEL = 1e-6
# A kind of row may be this many times as frequent in one file as in the other before sharing it is held against anyone.
TILT = 10.0

Counts = np.ndarray[Any, np.dtype[np.int64]]
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Verdict:
    """What a test saw: `expected` estimates the shared rows of innocent files, `log10_p` bounds chance from above."""

    observed: int
    expected: float
    log10_p: float

    @property
    def is_finding(self) -> bool:
        return self.log10_p <= math.log10(LEVEL)

    def among(self, tests: int) -> "Verdict":
        """The verdict of one of so many tests, any of which would do: Bonferroni's correction."""
        return Verdict(self.observed, self.expected, min(0.0, self.log10_p + math.log10(tests)))


def sharing(first: Counts, second: Counts, *, rows_first: int, rows_second: int) -> Verdict:
    """Test whether two files share more kinds of row than their own repeats let expect.

    A kind of row occurs `first[x]` times in one file and `second[x]` times in the other. Innocent files draw their rows
    independently, so given the m = first + second occurrences each of them lies in the second file with a chance w that
    depends on the kind alone, and the kind is shared with probability 1 - w^m - (1 - w)^m. With files of equal size
    and kind that is at most 1 - 2^(1-m): what is shared is no more than what repeats inside the files. The number of
    shared kinds is then a sum of independent indicators, whose upper tail Chernoff's bound holds from above.

    Args:
        first: Occurrences of each kind in the first file, int64 ``(n_kinds,)``.
        second: Occurrences of the same kinds in the second file, int64 ``(n_kinds,)``.
        rows_first: Rows of the first file that could be of any kind.
        rows_second: The same for the second file.

    Returns:
        The number of shared kinds, the number that the files' own repeats let expect, and log10 of the bound.

    Note:
        Assumes rows drawn one by one. Files that were deduplicated hide the repeats that this looks at.
    """
    repeated = first + second > 1
    first, second = first[repeated], second[repeated]
    chances = shared_chances(first + second, odds=rows_second / rows_first)
    is_shared = (first > 0) & (second > 0)
    observed = int(is_shared.sum())
    own = math.sqrt(float((first > 1).sum()) * float((second > 1).sum()))
    # E[shared] <= n m sqrt(k_first k_second) with k the chance that two rows of a file are alike (Cauchy-Schwarz).
    scale = rows_first * rows_second / math.sqrt(math.comb(max(rows_first, 2), 2) * math.comb(max(rows_second, 2), 2))
    return Verdict(observed, scale * own, log10_upper_tail(chances, observed))


def shared_chances(occurrences: Counts, *, odds: float) -> Array:
    """The largest chance that `occurrences` rows of a kind fall into both files; float64 ``(n_kinds,)``.

    `odds` is the second file's size over the first's; a kind may be TILT times as frequent in either.
    """
    nearest_to_even = min(max(1.0, odds / TILT), odds * TILT)
    w = nearest_to_even / (1 + nearest_to_even)
    chances: Array = 1 - w**occurrences - (1 - w) ** occurrences
    return chances


def log10_upper_tail(chances: Array, observed: int) -> float:
    """log10 of Chernoff's bound of P(sum of independent indicators >= observed), Hoeffding 1963, theorem 1.

    Args:
        chances: Probability of each indicator, float64 ``(n,)``.
        observed: The sum that was seen.

    Returns:
        At most 0; the bound is exp(-n KL(observed / n || mean of chances)).
    """
    n = chances.size
    if n == 0:
        return 0.0
    seen, mean = observed / n, float(chances.mean())
    if seen <= mean:
        return 0.0
    if mean == 0:
        return -math.inf
    divergence = seen * math.log(seen / mean)
    if seen < 1:
        divergence += (1 - seen) * math.log((1 - seen) / (1 - mean))
    # Rounding may leave a divergence of almost nothing below 0.
    return min(0.0, -n * divergence / math.log(10))


def repeating(repeats: int, *, expected: float) -> Verdict:
    """Test whether a file repeats its own rows more often than `expected`; the bound is Chernoff's for Poisson."""
    if repeats <= expected:
        return Verdict(repeats, expected, 0.0)
    log_p = repeats - expected - repeats * math.log(repeats / expected)
    return Verdict(repeats, expected, log_p / math.log(10))
