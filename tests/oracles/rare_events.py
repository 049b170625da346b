"""Games in which utilities move in few coalitions only, over groups of unlike sizes, one of them a single row."""

from dataclasses import dataclass

import numpy as np

from tests.oracles.games_at_random import contiguous_groups, group_sums
from valuation.core import estimate_fgsv
from valuation.core.games.known_games import AirportGame, NeedleGame, ParityGame, QuotaGame, WeightedVotingGame

SIZES = {90: (1, 89), 120: (1, 4, 15, 30, 70), 400: (1, 9, 40, 150, 200)}
BUDGET = 20_000


def needle(n, row, power=0.0):
    effects = np.zeros(n)
    effects[row] = 1.0
    return NeedleGame(effects, power)


def games_of(n):
    """Games of ``n`` rows by name; the first row is the group of one."""
    last = n - 1
    rare = np.ones(n, dtype=np.int64)
    rare[[0, 3, n // 3, n // 2, last]] = 0
    marked = np.zeros(n, dtype=bool)
    marked[::7] = True
    marked[1] = marked.sum() % 2 == 0
    votes = np.ones(n, dtype=np.int64)
    votes[0], votes[-3:] = n // 4, n // 10
    costs = np.random.default_rng(5).gamma(1.0, 1.0, n)
    found = {
        "needle, a group of its own": needle(n, 0),
        "needle in a large group": needle(n, last),
        "needle that decays, a group of its own": needle(n, 0, 0.7),
        "needle that decays, in a large group": needle(n, last, 1.0),
        "one of five rare rows": QuotaGame(rare, (1,)),
        "all of five rare rows": QuotaGame(rare, (5,)),
        "voting by types": QuotaGame(rare, (2, n // 2)),
        "threshold of a type": QuotaGame(1 - rare, (n // 3,)),
        "parity of many": ParityGame(marked),
        "parity of five": ParityGame(rare == 0),
        "airport": AirportGame(costs),
    }
    if n == 120:  # the closed form of many votes takes long
        found["weighted voting"] = WeightedVotingGame(votes, int(votes.sum() * 0.6))
    return found


@dataclass(frozen=True)
class Rare:
    """Many runs on one game.

    Attributes:
        held: Share of 95 % intervals that hold the truth, over groups and runs, of those that are given.
        whole: Share of runs in which every group has one.
        width: Median claimed error of a run over the root mean square error of all, the largest over the groups; of
            intervals that are given, NaN where no group has any.
    """

    held: float
    whole: float
    width: float


def runs_on(game, sizes, runs, *, budget=BUDGET, first_seed=0):
    groups = contiguous_groups(sizes)
    truth = group_sums(game.shapley_values, groups)
    found = [
        estimate_fgsv(game, groups, budget=budget, rng=np.random.default_rng(seed))
        for seed in range(first_seed, first_seed + runs)
    ]
    off = np.array([one.values for one in found]) - truth
    errors = np.array([one.standard_errors for one in found])
    given = np.isfinite(errors)
    held = float((np.abs(off) <= 1.96 * errors + 1e-12)[given].mean()) if given.any() else float("nan")
    some = given.any(axis=0)
    claimed = np.ma.median(np.ma.masked_array(errors, ~given), axis=0).filled(np.nan)[some]
    missed = np.sqrt((off**2).mean(axis=0) + 1e-24)[some]
    return Rare(held, float(given.all(axis=1).mean()), float(np.max(claimed / missed, initial=0.0)) or float("nan"))
