"""Value a finished run once more as if somebody had cheated: a smaller FGSV plan over the same frozen inputs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db.models import Sum

from valuation.core.attacks import Split, shell_cells, worthless_rows
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games import Game, IndexVector
from valuation.core.plan import run_plan
from valuation.core.results import GroupValues
from valuation.models import ValuationRun
from valuation.services import inputs
from valuation.services.run_plans import evaluation_cost

Array = np.ndarray[Any, np.dtype[np.float64]]

# An attack is a check, not a payment: it may take this long, and its interval says how much that was worth.
SECONDS_MAX = 2.5
EVALUATIONS_MAX = 20_000
EVALUATIONS_MIN = 500
STRANGERS = 20
# All strangers together bring this part of the pool.
STRANGERS_PART = 0.1
# Second words of the seeds, so that no two deals share their chance.
_DEALS: dict[Split, int] = {"random": 1, "by_size": 2, "by_label": 3}
_WORTHLESS = 4
# Blocks of the plan of sellers' values, whose speed an attack has too; those of rows do other work.
_SELLERS_KINDS = ("enumeration", "covariance", "coupled", "weighing")


@dataclass(frozen=True, eq=False)
class Disguised:
    """Values of the pieces of an attack.

    Attributes:
        values: float64 ``(C,)``, metric units: the sellers' cells, seller by seller, then the strangers'.
        covariance: Of the computation, ``(C, C)``.
        validation_covariance: Of the validation sample, ``(C, C)``, where rows were scored one by one.
        cells: How many cells each seller has.
        strangers: How many cells are nobody's among the sellers.
        evaluations: Spent.
        seconds: Taken.
        budget: Allowed.
    """

    values: Array
    covariance: Array
    validation_covariance: Array | None
    cells: tuple[int, ...]
    strangers: int
    evaluations: int
    seconds: float
    budget: int


def value_shells(*, run: ValuationRun, how: Split) -> Disguised:
    """Every seller in up to five cells at once.

    Raises:
        ValuationError: The model cannot be fitted, or the time covers no pilot.
    """
    frozen = inputs.load(run)
    rng = np.random.default_rng(np.random.SeedSequence([run.seed, _DEALS[how]]))
    cells = shell_cells(frozen.groups, np.asarray(frozen.rows.y), how=how, rng=rng)
    pieces = [cell for own in cells for cell in own]
    return _value(run, frozen.game, pieces, cells=tuple(len(own) for own in cells), strangers=0)


def value_null_shells(*, run: ValuationRun) -> Disguised:
    """Twenty strangers bring rows that say nothing.

    Raises:
        ValuationError: The model cannot be fitted, or the time covers no pilot.
    """
    rows = inputs.load(run).rows
    each = max(1, round(len(rows.y) * STRANGERS_PART / STRANGERS))
    rng = np.random.default_rng(np.random.SeedSequence([run.seed, _WORTHLESS]))
    features, targets = worthless_rows(np.asarray(rows.X), np.asarray(rows.y), each * STRANGERS, rng=rng)
    return _value_with(run, features, targets, strangers=STRANGERS)


def value_copier(*, run: ValuationRun, victim: int) -> Disguised:
    """A stranger brings a copy of one seller's rows, named by its place among the sellers.

    Raises:
        ValuationError: The model cannot be fitted, or the time covers no pilot.
    """
    frozen = inputs.load(run)
    rows, copied = frozen.rows, frozen.groups[victim]
    return _value_with(run, np.asarray(rows.X)[copied], np.asarray(rows.y)[copied], strangers=1)


def _value_with(run: ValuationRun, features: Any, targets: Any, *, strangers: int) -> Disguised:
    frozen = inputs.load(run)
    rows = frozen.rows
    spec = inputs.model_of(run.manifest)
    pool = replace(rows, X=np.concatenate([rows.X, features]), y=np.concatenate([rows.y, targets]))
    game = inputs.game_over(spec, pool)
    first = len(rows.y)
    brought = np.array_split(np.arange(first, first + len(targets)), strangers)
    pieces = [*frozen.groups, *brought]
    return _value(run, game, pieces, cells=(1,) * len(frozen.groups), strangers=strangers)


def _value(
    run: ValuationRun, game: Game, pieces: Sequence[IndexVector], *, cells: tuple[int, ...], strangers: int
) -> Disguised:
    started, budget = time.perf_counter(), _budget(run)
    plan = FgsvPlan(
        tuple(len(piece) for piece in pieces),
        budget=budget,
        rowwise=run.manifest["rowwise"],
        cost=evaluation_cost(run.manifest),
    )
    found: GroupValues = plan.estimate(run_plan(plan, game, pieces, run.seed), run.seed)
    return Disguised(
        values=found.values,
        covariance=found.covariance,
        validation_covariance=found.validation_covariance,
        cells=cells,
        strangers=strangers,
        evaluations=found.evaluations,
        seconds=time.perf_counter() - started,
        budget=budget,
    )


def _budget(run: ValuationRun) -> int:
    """As many evaluations as the time allows, at the speed of the run itself."""
    sellers = run.blocks.filter(kind__in=_SELLERS_KINDS)
    spent = sellers.aggregate(seconds=Sum("seconds", default=0.0), evaluations=Sum("evaluations", default=0))
    if not spent["seconds"]:
        return EVALUATIONS_MAX
    affordable = int(SECONDS_MAX * spent["evaluations"] / spent["seconds"])
    return max(EVALUATIONS_MIN, min(affordable, EVALUATIONS_MAX))
