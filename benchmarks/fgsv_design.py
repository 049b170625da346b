"""Why FGSV is built as it is: accuracy on SOU, and bias and noise of each form of T(s) where sellers differ most.

Run: OMP_NUM_THREADS=1 python -m benchmarks.fgsv_design
"""

import numpy as np

from benchmarks.fgsv_adult import adult_market
from valuation.core import estimate_fgsv
from valuation.core.fgsv import blocks, draws
from valuation.core.fgsv.strata import Stratum
from valuation.core.fgsv.sums import StratumSums, covariance_of, linear_map
from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, Game, IndexVector, utilities_of
from valuation.core.games.known_games import sou_game

RANGES = ((4, 5), (9, 12), (19, 27), (42, 62), (94, 140), (316, 473), (711, 1065), (2398, 3596))
DEVIATIONS = (0.05, 0.1, 0.2, 0.5)
DRAWS = 2500


def sou_errors(n: int, budget: int = 20_000, replications: int = 30) -> tuple[float, float]:
    """Mean relative error over four groups, and the mean square of the scores."""
    groups = [np.flatnonzero(np.arange(n) % 4 == remainder) for remainder in range(4)]
    errors, squares = [], []
    for seed in range(replications):
        game = sou_game(n, np.random.default_rng(100 + seed))
        truth = np.array([game.shapley_values[group].sum() for group in groups])
        found = estimate_fgsv(game, groups, budget=budget, rng=np.random.default_rng(seed))
        errors.append(np.abs(found.values / truth - 1).mean())
        squares.append((((found.values - truth) / found.standard_errors) ** 2).mean())
    return float(np.mean(errors)), float(np.mean(squares))


class WithoutRows:
    """The market's game without row scores, which the comparison does not need."""

    def __init__(self, game: Game) -> None:
        self.n_players = game.n_players
        self._game = game

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        return utilities_of(self._game, coalitions)


def one_class_sellers(y: IndexVector) -> list[IndexVector]:
    """One seller has positives only, two negatives only, one both: the composition matters as much as it can."""
    rng = np.random.default_rng(5)
    positives, negatives = rng.permutation(np.flatnonzero(y == 1)), rng.permutation(np.flatnonzero(y == 0))
    both = np.concatenate([positives[2700:], negatives[:1000]])
    return [positives[:2700], both, negatives[1000:3000], negatives[3000:]]


def form(
    game: Game, groups: list[IndexVector], kind: str, size_range: tuple[int, int], repetitions: int
) -> tuple[FloatVector, FloatMatrix, float]:
    """The stratum's part of the values, its covariance, and the standard deviation per evaluation."""
    low, high = size_range
    pairs = kind != "covariance"
    stratum = Stratum(low, high, kind, DRAWS)
    sums = {"draws": 0.0, "moment": 0.0, "outer": 0.0, "normal": 0.0}
    for repetition in range(repetitions):
        params = {"low": low, "high": high, "draws": DRAWS // 2 if pairs else DRAWS}
        found, _ = getattr(blocks, kind)(game, groups, params, np.random.default_rng([repetition, low, len(kind)]))
        sums = {name: sums[name] + found[name] for name in sums if name in found}
    normal = sums["normal"].sum(axis=0) if pairs else None
    merged = StratumSums(float(sums["draws"]), sums["moment"], sums["outer"], normal)
    sizes = np.array([len(group) for group in groups], dtype=float)
    covariance = covariance_of(stratum, merged, sizes)
    noise = np.sqrt(np.trace(covariance) * DRAWS * repetitions)
    return linear_map(stratum, merged, sizes) @ merged.moment, covariance, noise


def main() -> None:
    for n in (64, 128):
        error, square = sou_errors(n)
        print(f"SOU n={n}: mean relative error {error:.5f} at 20,000 evaluations, mean square score {square:.2f}")
    market, y, _ = adult_market()
    game, groups = WithoutRows(market), one_class_sellers(y)
    for size_range in RANGES:
        repetitions = 16 if size_range in RANGES[:4] else 4
        exact, exact_covariance, noise = form(game, groups, "covariance", size_range, repetitions)
        print(f"\nsizes {size_range}: T {exact.round(4)}, covariance form, sd per evaluation {noise:.3f}")
        for deviation in (None, *DEVIATIONS):
            kind = "coupled" if deviation is None else "weighing"
            draws.DEVIATION = deviation or draws.DEVIATION
            found, covariance, noise = form(game, groups, kind, size_range, repetitions)
            scores = (found - exact) / np.sqrt(np.diag(covariance) + np.diag(exact_covariance))
            label = kind if deviation is None else f"{kind} {deviation}"
            print(f"  {label:14} off by {(found - exact).round(4)}, scores {scores.round(1)}, sd {noise:.3f}")


if __name__ == "__main__":
    main()
