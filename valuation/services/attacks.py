"""Value a finished run once more as if somebody had cheated: a smaller FGSV plan over the same frozen inputs.

A budget counts evaluations and follows from the run alone, so that an attack on a round gives the same figures on every
machine and at every try. How fast a machine is decides one thing: where the work is cut. An attack is worked off block
by block, and after some seconds what was merged so far is handed back with the blocks that are left of its wave; the
next task goes on from there and gets the bits that one long task would have got.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from django.db.models import Sum

from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games.attacks import (
    NULL_ACCOUNTS_MANY,
    ImpossibleAttackError,
    Split,
    Spoiling,
    check_many_accounts,
    null_account_counts,
    shell_cells,
    spoiled_rows,
    worthless_rows,
)
from valuation.core.games.game import Game, IndexVector
from valuation.core.games.rows import PooledRows
from valuation.core.models.buyers_game import buyers_game
from valuation.core.plans.block_kinds import Step, kinds_of
from valuation.core.plans.plan import Block, PlanState
from valuation.core.runner import run_block
from valuation.models import ValuationRun
from valuation.services import inputs
from valuation.services.run_plans import evaluation_cost

Array = np.ndarray[Any, np.dtype[np.float64]]

# An attack is a check, not a payment: a quarter of what the run spent on its sellers' values gives an interval about
# twice as wide as the round's own. Quick runs lend it more than that, but never more than they spent themselves. Only
# worthless accounts get all of it: what a clip at 0 pays them is the noise of the computation, so it has to be the
# round's.
RUN_PART = 4
EVALUATIONS_WANTED = 2_000
EVALUATIONS_MIN = 500
EVALUATIONS_MAX = 20_000
# Strangers with worthless rows bring this part of the pool, or a row each where that is more.
_STRANGERS_PART = 0.1
# 500 accounts are scored on so many validation rows, drawn from all: what each row adds to each player is kept for
# every stratum of sizes, and all 5,000 rows of the demo took a worker fifteen gigabytes.
_VALIDATION_ROWS_MANY = 500
# Second words of the seeds, so that no two deals share their chance.
_DEALS = {Split.RANDOM: 1, Split.BY_SIZE: 2, Split.BY_LABEL: 3}
_WORTHLESS = 4
_SCORED = 9
_SPOILED = {
    Spoiling.LABELS_FLIPPED: 5,
    Spoiling.HALF_FLIPPED: 6,
    Spoiling.ONE_CLASS: 7,
    Spoiling.OUTLIERS: 8,
}


@dataclass(frozen=True, eq=False)
class Disguise:
    """What is valued: a game over the pool of an attack, and its pieces.

    Attributes:
        game: The buyer's model over the sellers' rows, and the strangers' after them.
        pieces: Rows of each piece: the sellers' cells, seller by seller, then the strangers'.
        cells: How many cells each seller has.
        strangers: How many pieces are nobody's among the sellers.
        budget: Evaluations of the first try.
    """

    game: Game
    pieces: Sequence[IndexVector]
    cells: tuple[int, ...]
    strangers: int
    budget: int


@dataclass(frozen=True, eq=False)
class Disguised:
    """Values of the pieces of an attack.

    Attributes:
        values: float64 ``(C,)``, metric units, in the order of the pieces.
        covariance: Of the computation, ``(C, C)``.
        validation_covariance: Of the validation sample, ``(C, C)``, where rows were scored one by one.
        rows: How many rows each piece has, ``(C,)``.
        cells: How many cells each seller has.
        strangers: How many pieces are nobody's among the sellers.
        evaluations: Spent.
        budget: Allowed.
        is_withheld: Whether too few draws told of a piece to say how sure its value is: the covariance is too small.
    """

    values: Array
    covariance: Array
    validation_covariance: Array | None
    rows: tuple[int, ...]
    cells: tuple[int, ...]
    strangers: int
    evaluations: int
    budget: int
    is_withheld: bool = False


@dataclass(frozen=True, eq=False)
class Paused:
    """An attack between two tasks: what is merged, as bytes, and the blocks that are left of its wave, as JSON."""

    archive: bytes
    wave: list[dict[str, Any]]
    evaluations: int


def shells(*, run: ValuationRun, how: Split, attackers: Sequence[int]) -> Disguise:
    """These sellers in up to five cells each, all at once; the others keep their one account.

    Raises:
        ImpossibleAttackError: None of them has two rows.
    """
    frozen = inputs.load(run)
    rng = np.random.default_rng(np.random.SeedSequence([run.seed, _DEALS[how]]))
    split = shell_cells([frozen.groups[place] for place in attackers], np.asarray(frozen.rows.y), how=how, rng=rng)
    if all(len(own) == 1 for own in split):
        raise ImpossibleAttackError("No seller has two rows to part.")
    cells = [[group] for group in frozen.groups]
    for place, own in zip(attackers, split, strict=True):
        cells[place] = own
    pieces = [cell for own in cells for cell in own]
    return Disguise(frozen.game, pieces, tuple(map(len, cells)), strangers=0, budget=budget_of(run=run))


def null_shells(*, run: ValuationRun) -> Disguise:
    """Strangers in as many accounts as the pool allows, up to 50, bring rows that say nothing."""
    rows = inputs.load(run).rows
    return _null_shells(run, rows, null_account_counts(len(rows.y))[-1], budget=budget_of(run=run, whole=True))


def many_null_shells(*, run: ValuationRun) -> Disguise:
    """The same in 500 accounts, which always take the largest budget.

    They are scored on at most 500 of the validation rows, those of each class in proportion.

    Raises:
        ImpossibleAttackError: The pool is too small for them.
    """
    rows = inputs.load(run).rows
    check_many_accounts(len(rows.y))
    return _null_shells(run, _scored_on_some(run, rows), NULL_ACCOUNTS_MANY, budget=EVALUATIONS_MAX)


def _scored_on_some(run: ValuationRun, rows: PooledRows) -> PooledRows:
    rng = np.random.default_rng(np.random.SeedSequence([run.seed, _SCORED]))
    order = rng.permutation(len(rows.y_valid))
    by_target = order[np.argsort(np.asarray(rows.y_valid)[order], kind="stable")]
    places = np.linspace(0, len(by_target) - 1, min(_VALIDATION_ROWS_MANY, len(by_target))).round().astype(int)
    scored = np.sort(by_target[places])
    return replace(rows, X_valid=np.asarray(rows.X_valid)[scored], y_valid=np.asarray(rows.y_valid)[scored])


def _null_shells(run: ValuationRun, rows: PooledRows, accounts: int, *, budget: int) -> Disguise:
    count = max(accounts, round(len(rows.y) * _STRANGERS_PART))
    rng = np.random.default_rng(np.random.SeedSequence([run.seed, _WORTHLESS]))
    features, targets = worthless_rows(np.asarray(rows.X), np.asarray(rows.y), count, rng=rng)
    return _beside(run, features, targets, strangers=accounts, budget=budget, rows=rows)


def copier(*, run: ValuationRun, victim: int) -> Disguise:
    """A stranger brings a copy of one seller's rows, named by its place among the sellers."""
    frozen = inputs.load(run)
    rows, copied = frozen.rows, frozen.groups[victim]
    return _beside(run, np.asarray(rows.X)[copied], np.asarray(rows.y)[copied], strangers=1, budget=budget_of(run=run))


def spoiler(*, run: ValuationRun, how: Spoiling) -> Disguise:
    """A stranger brings as many rows of the pool as the median seller has, made bad.

    Raises:
        ImpossibleAttackError: These rows cannot be spoiled so.
    """
    frozen = inputs.load(run)
    count = int(np.median([len(group) for group in frozen.groups]))
    task = run.manifest.spec.task
    features, targets = spoiled_rows(
        np.asarray(frozen.rows.X),
        np.asarray(frozen.rows.y),
        count,
        how=how,
        is_classification=task == "classification",
        rng=np.random.default_rng(np.random.SeedSequence([run.seed, _SPOILED[how]])),
    )
    return _beside(run, features, targets, strangers=1, budget=budget_of(run=run))


def _beside(
    run: ValuationRun, features: Any, targets: Any, *, strangers: int, budget: int, rows: PooledRows | None = None
) -> Disguise:
    """The sellers as they are, and strangers who share these rows evenly, scored as `rows` say."""
    frozen = inputs.load(run)
    rows = rows or frozen.rows
    pool = replace(rows, X=np.concatenate([rows.X, features]), y=np.concatenate([rows.y, targets]))
    game = buyers_game(run.manifest.spec, pool)
    brought = np.array_split(np.arange(len(rows.y), len(rows.y) + len(targets)), strangers)
    pieces, cells = [*frozen.groups, *brought], (1,) * len(frozen.groups)
    return Disguise(game, pieces, cells, strangers=strangers, budget=budget)


def budget_of(*, run: ValuationRun, whole: bool = False) -> int:
    """Evaluations of an attack on a run: a function of what the run spent, whatever machine spent it.

    A quarter of the evaluations of sellers' values, or 2,000 where that is more, but not more than the run spent, or
    the `whole` of them; at least 500, at most 20,000.
    """
    sellers = run.blocks.filter(kind__in=kinds_of(Step.SELLERS_VALUES))
    spent: int = sellers.aggregate(spent=Sum("evaluations", default=0))["spent"]
    wanted = spent if whole else min(spent, max(EVALUATIONS_WANTED, spent // RUN_PART))
    return max(EVALUATIONS_MIN, min(wanted, EVALUATIONS_MAX))


def go_on(
    *, run: ValuationRun, disguise: Disguise, times: int, paused: Paused | None, seconds: float
) -> Disguised | Paused:
    """Work on an attack until it is valued or `seconds` have passed, from the start or from where it was paused.

    Its budget is that of the disguise, `times` over.

    Raises:
        ValuationError: The model cannot be fitted, or the budget covers no pilot.
    """
    plan = _plan(run, disguise, times)
    state, wave = plan.start(), list[Block]()
    if paused is not None:
        state, wave = PlanState.from_bytes(paused.archive), [Block.from_json(block) for block in paused.wave]
    started = monotonic()
    while wave or (wave := plan.next_wave(state)):
        if monotonic() - started > seconds:
            return Paused(state.to_bytes(), [asdict(block) for block in wave], state.evaluations)
        block, *wave = wave
        state = plan.merge(state, block, run_block(disguise.game, disguise.pieces, block, run.seed))
    found = plan.estimate(state, run.seed)
    return Disguised(
        values=found.values,
        covariance=found.covariance,
        validation_covariance=found.validation_covariance,
        rows=tuple(len(piece) for piece in disguise.pieces),
        cells=disguise.cells,
        strangers=disguise.strangers,
        evaluations=found.evaluations,
        budget=plan.budget,
        is_withheld=bool(found.withheld.any()),
    )


def _plan(run: ValuationRun, disguise: Disguise, times: int) -> FgsvPlan:
    """The plan within the budget, or with the smallest budget that has a pilot: many accounts need a larger one."""
    plan = FgsvPlan(
        tuple(len(piece) for piece in disguise.pieces),
        budget=times * disguise.budget,
        rowwise=run.manifest.rowwise,
        cost=evaluation_cost(run.manifest),
    )
    try:
        plan.start()
    except BudgetTooSmallError as error:
        if error.needed > EVALUATIONS_MAX * times:
            raise
        return replace(plan, budget=error.needed)
    return plan
