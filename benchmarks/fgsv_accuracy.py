"""``auto`` against Algorithm 1 at equal budgets, wherever the noise sits: a table of docs/evidence/coverage.md.

Run: OMP_NUM_THREADS=1 python -m benchmarks.fgsv_accuracy [replications]
"""

import sys

import numpy as np

from valuation.core import Game, estimate_fgsv
from valuation.core.games.game import FloatVector, IndexVector
from valuation.core.games.known_games import DualGame, KnownGame, sou_game

METHODS = ("auto", "algorithm_1")
BUDGETS = (2_500, 5_000, 20_000)


def errors_of(game: Game, groups: list[IndexVector], truth: FloatVector, budget: int, seed: int) -> dict[str, float]:
    """Mean squared error of shares by method; NaN where the budget is below what the method takes."""
    return {
        method: float(
            (
                (
                    (
                        estimate_fgsv(
                            game, groups, budget=budget, rng=np.random.default_rng(seed), method=method
                        ).values
                        - truth
                    )
                    / truth.sum()
                )
                ** 2
            ).mean()
        )
        for method in METHODS
    }


def games(n: int, seed: int) -> dict[str, KnownGame]:
    game = sou_game(n, np.random.default_rng(100 + seed))
    return {"SOU: noise near the full set": game, "dual of SOU: a learning curve, noise at small sizes": DualGame(game)}


def main(replications: int) -> None:
    print("| game | rows | evaluations | auto | Algorithm 1 | ratio |\n| --- | --: | --: | --: | --: | --: |")
    for n in (64, 128):
        groups = np.split(np.arange(n), np.cumsum(np.array([1, 2, 4]) * n // 15))  # sizes about 1:2:4:8
        for budget in BUDGETS:
            squares: dict[str, list[dict[str, float]]] = {}
            for seed in range(replications):
                for name, game in games(n, seed).items():
                    truth = np.array([game.shapley_values[group].sum() for group in groups])
                    squares.setdefault(name, []).append(errors_of(game, groups, truth, budget, seed))
            for name, found in squares.items():
                auto, single = (100 * np.sqrt(np.mean([one[method] for one in found])) for method in METHODS)
                print(f"| {name} | {n} | {budget:,} | {auto:.3f} | {single:.3f} | {single / auto:.1f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
