"""What a run found, and how far a running one has come."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import default_storage
from django.db.models import Max, Sum
from django.utils import timezone

from valuation.core.plans.block_kinds import Step, kinds_of
from valuation.documents import Progress, RunSeconds, Seller
from valuation.models import PlayerValue, ValuationRun

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class RuleValues:
    """What one rule says: values (players,), and the covariances of its two errors (players, players).

    Rules without an honest error of computation (sums of row values) have `covariance_known` False and a covariance of
    zeros, and no validation covariance.
    """

    values: Array
    covariance: Array
    validation_covariance: Array | None
    covariance_known: bool = True


@dataclass(frozen=True)
class RunOutcome:
    """Everything a payout needs of a finished run, in units of the buyer's metric.

    `left_out` names the organisations that are no players because all their rows were left out as copies, each with how
    many rows that were. `total_validation_error` is that of `utility_full` less `utility_empty` over validation rows;
    None where the metric has none, and for runs that ended before it was kept. `free_disposal` says whether no score of
    the game lies below that of no model at all.
    """

    players: tuple[Seller, ...]
    rules: Mapping[str, RuleValues]
    utility_full: float
    utility_empty: float
    evaluations: int
    seconds: RunSeconds
    left_out: Mapping[int, int] = field(default_factory=dict)
    total_validation_error: float | None = None
    free_disposal: bool = False


@dataclass(frozen=True)
class RunProgress:
    """A running valuation as one looks at it: what is done, how fast, how sure.

    Evaluations, their most, what is left of them and how fast they come are those of the step: sellers' values first,
    then values of rows, which have a budget of their own and larger coalitions.
    """

    state: str
    wave: int
    step: Literal["sellers", "rows"]
    evaluations: int
    evaluations_max: int
    evaluations_left: int | None
    evaluations_per_second: float
    seconds: float
    precision_target: float
    figures: Progress


def outcome(run: ValuationRun) -> RunOutcome:
    """The result of a finished run."""
    stored, players = run.finished_outcome, run.manifest.sellers
    rules = {}
    for rule, covariances in stored.covariances.items():
        values = np.full(len(players), np.nan)  # a missing row must never look like a value
        for row in PlayerValue.objects.filter(run=run, rule=rule):
            values[run.manifest.place_of(row.organization_id)] = row.value
        rules[rule] = RuleValues(
            values=values,
            covariance=np.zeros((len(players), len(players)))
            if covariances.computation is None
            else covariances.computation,
            validation_covariance=covariances.validation,
            covariance_known=covariances.computation is not None,
        )
    return RunOutcome(
        players=players,
        rules=rules,
        utility_full=stored.utility_full,
        utility_empty=stored.utility_empty,
        evaluations=run.evaluations_spent,
        seconds=stored.seconds,
        left_out=run.manifest.left_out_sellers,
        total_validation_error=stored.total_validation_error,
        free_disposal=run.manifest.spec.free_disposal,
    )


def point_values(run: ValuationRun, organization_id: int | None = None) -> pa.Table | None:
    """The HCDV value of each row, in the buyer's metric; None for runs that valued no rows.

    Columns: ``organization_id``, ``version_id`` (text), ``row`` (its place in the version's Parquet, from 0), ``value``
    and ``value_without_lambda``. With an organisation only its rows.
    """
    stored = run.finished_outcome.hcdv
    if stored is None:
        return None
    mine = None if organization_id is None else [("organization_id", "=", organization_id)]
    with default_storage.open(stored.points, "rb") as stream:
        return pq.read_table(stream, filters=mine)


def progress(run: ValuationRun) -> RunProgress:
    """How far a run has come, live: blocks finished since the last merged wave count too."""
    now = run.finished_at or timezone.now()
    row_kinds = kinds_of(Step.TREES, Step.ROWS)
    of_rows, of_sellers = run.blocks.filter(kind__in=row_kinds), run.blocks.exclude(kind__in=row_kinds)
    step: Literal["sellers", "rows"] = "rows" if of_rows.filter(wave=run.wave).exists() else "sellers"
    blocks, began = of_sellers, run.started_at
    if step == "rows":
        blocks, began = of_rows, of_sellers.aggregate(at=Max("done_at"))["at"]
    left = run.progress.rows if step == "rows" else run.progress.sellers
    evaluations, seconds = blocks.aggregate(spent=Sum("evaluations", default=0))["spent"], _elapsed(began, now)
    return RunProgress(
        state=run.state,
        wave=run.wave,
        step=step,
        evaluations=evaluations,
        evaluations_max=run.row_evaluations_max if step == "rows" else run.evaluations_max,
        evaluations_left=left.evaluations_left if left else None,
        evaluations_per_second=evaluations / seconds if seconds else 0.0,
        seconds=_elapsed(run.started_at, now),
        precision_target=run.precision_target,
        figures=run.progress,
    )


def _elapsed(start: dt.datetime | None, end: dt.datetime) -> float:
    return (end - start).total_seconds() if start is not None else 0.0
