"""What eight kinds of seller are worth on six markets, under old terms of the game and new: docs/evidence/game.md.

Run: OMP_NUM_THREADS=1 python -m benchmarks.game [--market NAME] [--evaluations N]
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from benchmarks.game_markets import (
    FAIRCUT_DATA,
    FLIPPED,
    HONEST,
    MARKETS,
    PERMUTED,
    SELLERS,
    Market,
    Table,
    encoded,
    sellers_of,
)
from valuation.core import GroupValues, ModelSpec, estimate_fgsv, leave_one_out, make_utility

TERMS = {
    "old": {"free_disposal": False, "class_weights": False, "clip_numbers": False},
    "new": {},
}
EVALUATIONS, SEED = 20_000, 2026
QUANTILE = 1.96
WRONG = (PERMUTED, FLIPPED)


@dataclass(frozen=True, eq=False)
class Cell:
    """One market under one set of terms; seconds are those of the processor, without reading the data."""

    empty: float
    everybody: float
    values: GroupValues
    drops: GroupValues
    seconds: float
    drop_seconds: float

    @property
    def covariance(self) -> np.ndarray:
        """Of both errors together."""
        return self.values.covariance + self.values.validation_covariance


def measure(market: Market, sellers: list[Table], valid: Table, terms: dict[str, bool], evaluations: int) -> Cell:
    spec = ModelSpec.from_json({**market.spec, **terms})
    started = time.process_time()
    rows, groups = encoded(sellers, valid, regression=market.regression, clip_numbers=spec.clip_numbers)
    game = make_utility(spec, rows.X, rows.y, rows.X_valid, rows.y_valid)
    values = estimate_fgsv(game, groups, budget=evaluations, rng=np.random.default_rng(SEED))
    seconds = time.process_time() - started
    empty, everybody = game(np.repeat([[False], [True]], len(rows.y), axis=1)).tolist()
    started = time.process_time()
    drops = leave_one_out(game, groups)
    return Cell(empty, everybody, values, drops, seconds, time.process_time() - started)


def print_market(market: Market, cells: dict[str, Cell], n_valid: int) -> None:
    old, new = cells["old"], cells["new"]
    print(f"\n## {market.title}: {market.family}, {market.metric}\n")
    print(f"{sum(size for _, size in market.sellers):,} training rows, {n_valid:,} validation rows.\n")
    print("| terms | U(empty) | U(N) | evaluations | CPU s | drops, CPU s |\n| --- | --: | --: | --: | --: | --: |")
    for name, cell in cells.items():
        figures = f"{cell.empty:.4f} | {cell.everybody:.4f} | {cell.values.evaluations:,}"
        print(f"| {name} | {figures} | {cell.seconds:.1f} | {cell.drop_seconds:.2f} |")
    print(
        f"\nThe old terms took {old.seconds / new.seconds:.1f} times as long for the values, "
        f"{old.drop_seconds / new.drop_seconds:.1f} times for the drops (models of nearly all rows).\n"
    )
    print("| seller | rows | old value | old drop | new value | new drop |\n| --- | --: | --: | --: | --: | --: |")
    for place, (kind, size) in enumerate(market.sellers):
        figures = [f"{_value(cell.values, place)} | {_drop(cell.drops, place)}" for cell in (old, new)]
        print(f"| {kind} | {size:,} | {' | '.join(figures)} |", flush=True)


def print_verdicts(market: Market, cells: dict[str, Cell]) -> None:
    """What should not be: an honest seller below 0 beyond both errors, or one of wrong labels above."""
    found = []
    for terms, cell in cells.items():
        z = cell.values.values / np.sqrt(np.diag(cell.covariance))
        for place, (kind, size) in enumerate(market.sellers):
            if (kind in HONEST and z[place] < -QUANTILE) or (kind in WRONG and z[place] > QUANTILE):
                found.append(f"- {terms} terms: {kind} ({size:,} rows) at z = {z[place]:+.1f}")
    print("\nOn the wrong side of 0 beyond both errors:" + ("\n\n" + "\n".join(found) if found else " nobody."))


def print_summary(measured: dict[Market, dict[str, Cell]]) -> None:
    """Eight kinds by market, under each set of terms: value and the square root of both errors' squares."""
    for terms in TERMS:
        print(f"\n## All markets, {terms} terms\n")
        print("| seller | " + " | ".join(market.title for market in measured) + " |")
        print("| --- |" + " --: |" * len(measured))
        for kind in dict.fromkeys(kind for kind, _ in SELLERS):
            print(
                f"| {kind} | "
                + " | ".join(_of_kind(kind, market, measured[market][terms]) for market in measured)
                + " |"
            )


def _of_kind(kind: str, market: Market, cell: Cell) -> str:
    """Mean value of the sellers of a kind and its error."""
    weights = np.array([float(kind == one) for one, _ in market.sellers])
    weights /= weights.sum()
    return f"{weights @ cell.values.values:+.4f} ± {np.sqrt(weights @ cell.covariance @ weights):.4f}"


def _value(values: GroupValues, place: int) -> str:
    validation = np.sqrt(values.validation_covariance[place, place])
    return f"{values.values[place]:+.4f} ± {values.standard_errors[place]:.4f} / {validation:.4f}"


def _drop(drops: GroupValues, place: int) -> str:
    """Nothing of it is sampled, so that the validation rows' error is all that it has."""
    return f"{drops.values[place]:+.4f} ± {np.sqrt(drops.validation_covariance[place, place]):.4f}"


def main(name: str | None, evaluations: int) -> None:
    measured = {}
    for market in MARKETS:
        if name not in {None, market.name}:
            continue
        if not (FAIRCUT_DATA / market.file).exists():
            print(f"\n{market.title} is skipped: {FAIRCUT_DATA / market.file} does not exist; set FAIRCUT_DATA.")
            continue
        sellers, valid = sellers_of(market)
        measured[market] = {terms: measure(market, sellers, valid, TERMS[terms], evaluations) for terms in TERMS}
        print_market(market, measured[market], len(valid.targets))
        print_verdicts(market, measured[market])
    if measured:
        print_summary(measured)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--market", choices=[market.name for market in MARKETS], help="this market alone")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS, help="of every market and set of terms")
    asked = parser.parse_args()
    main(asked.market, asked.evaluations)
