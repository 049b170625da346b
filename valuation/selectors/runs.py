"""What a run found, and how far a running one has come."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import default_storage
from django.db.models import Max, Sum
from django.utils import timezone

from valuation.core.label_agreement import Agreement
from valuation.models import PlayerValue, ValuationRun
from valuation.services.inputs import model_of

# How the kinds of blocks begin that value rows.
ROW_KINDS = "hcdv_"
# A segment of fewer validation rows says more about chance, and about the buyer's private rows, than about a seller.
SEGMENT_ROWS_MIN = 20
TOO_FEW = f"fewer than {SEGMENT_ROWS_MIN} validation rows each"
# Where the model names a row's class that row's score is above 0, and else 0.
COUNTING_METRICS = ("accuracy", "balanced_accuracy")

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class PlayerRow:
    """One seller of a run; its place in the tuple is its index in every array."""

    organization_id: int
    name: str
    rows: int


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

    players: tuple[PlayerRow, ...]
    rules: Mapping[str, RuleValues]
    utility_full: float
    utility_empty: float
    evaluations: int
    seconds: Mapping[str, float]
    left_out: Mapping[int, int] = field(default_factory=dict)
    total_validation_error: float | None = None
    free_disposal: bool = False


@dataclass(frozen=True)
class SizeCut:
    """FGSV values cut by the size of the coalition that a row joins, and the learning curve.

    `contributions` is (bins, players); bin b holds the rows that join as number `edges[b] + 1` to `edges[b + 1]`. The
    curve is the mean utility of random coalitions of so many rows.
    """

    edges: tuple[int, ...]
    contributions: Array
    curve_rows: Array
    curve_utilities: Array


@dataclass(frozen=True)
class SegmentCut:
    """FGSV values cut by a column of the validation rows: contributions and standard errors are (segments, players).

    `total_standard_errors` (segments,) are those of all players together. `scores` (segments,) are those of the model
    with everybody's rows there: the part that it names right under (balanced) accuracy, else the mean of the metric;
    None for runs that ended before they were kept.
    """

    column: str
    segments: tuple[str, ...]
    rows: tuple[int, ...]
    contributions: Array
    standard_errors: Array
    total_standard_errors: Array
    scores: Array | None
    score_standard_errors: Array | None


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
    figures: Mapping[str, Any]


def outcome(run: ValuationRun) -> RunOutcome:
    """The result of a finished run."""
    stored = run.outcome
    if stored is None:
        raise ValueError(f"{run} has no outcome")
    players = tuple(
        PlayerRow(organization_id=seller["organization_id"], name=seller["name"], rows=seller["rows"])
        for seller in run.manifest["sellers"]
    )
    index = {player.organization_id: place for place, player in enumerate(players)}
    rules = {}
    for rule, covariances in stored["covariances"].items():
        values = np.full(len(players), np.nan)  # a missing row must never look like a value
        for row in PlayerValue.objects.filter(run=run, rule=rule):
            values[index[row.organization_id]] = row.value
        computation, validation = covariances["computation"], covariances["validation"]
        rules[rule] = RuleValues(
            values=values,
            covariance=np.array(
                np.zeros((len(players), len(players))) if computation is None else computation, dtype=np.float64
            ),
            validation_covariance=None if validation is None else np.array(validation, dtype=np.float64),
            covariance_known=computation is not None,
        )
    return RunOutcome(
        players=players,
        rules=rules,
        utility_full=stored["utility_full"],
        utility_empty=stored["utility_empty"],
        evaluations=run.evaluations_spent,
        seconds=stored["seconds"],
        left_out=left_out_sellers(run),
        total_validation_error=stored.get("total_validation_error"),
        free_disposal=model_of(run.manifest).free_disposal,
    )


def left_out_sellers(run: ValuationRun) -> dict[int, int]:
    """Organisations of which no row was left to value, in the order of their keys, each with its rows left out."""
    valued = {seller["organization_id"] for seller in run.manifest["sellers"]}
    rows: Counter[int] = Counter()
    # Runs that were frozen before copies were looked for name nobody.
    for submission in run.manifest.get("left_out_whole", []):
        if submission["organization_id"] not in valued:
            rows[submission["organization_id"]] += submission["rows_left_out"]
    return dict(sorted(rows.items()))


def by_size(run: ValuationRun) -> SizeCut | None:
    """The values cut by coalition size; None for runs that ended before this was kept."""
    stored = (run.outcome or {}).get("by_size")
    if stored is None:
        return None
    return SizeCut(
        edges=tuple(stored["edges"]),
        contributions=np.array(stored["contributions"], dtype=np.float64),
        curve_rows=np.array(stored["curve"]["rows"], dtype=np.float64),
        curve_utilities=np.array(stored["curve"]["utilities"], dtype=np.float64),
    )


def removal(run: ValuationRun) -> tuple[Array, Array] | None:
    """The score as sellers leave, those who add most first and those who add least first: of all, ..., of nobody.

    None where not all coalitions of sellers were evaluated, and for runs that ended before this was kept.
    """
    stored = (run.outcome or {}).get("removal")
    return None if stored is None else (np.array(stored["best_first"]), np.array(stored["worst_first"]))


def by_class(run: ValuationRun) -> SegmentCut | None:
    """The values cut by the classes of the validation target, where the metric is a plain mean of rows."""
    stored = (run.outcome or {}).get("by_class")
    return None if stored is None else _segment_cut(stored)


def by_segment(run: ValuationRun) -> list[SegmentCut]:
    """The values cut by each category column of the validation rows, where the metric is a plain mean."""
    return [_segment_cut(stored) for stored in (run.outcome or {}).get("by_segment", [])]


def point_values(run: ValuationRun, organization_id: int | None = None) -> pa.Table | None:
    """The HCDV value of each row, in the buyer's metric; None for runs that valued no rows.

    Columns: ``organization_id``, ``version_id`` (text), ``row`` (its place in the version's Parquet, from 0), ``value``
    and ``value_without_lambda``. With an organisation only its rows.
    """
    stored = (run.outcome or {}).get("hcdv")
    if stored is None:
        return None
    mine = None if organization_id is None else [("organization_id", "=", organization_id)]
    with default_storage.open(stored["points"], "rb") as stream:
        return pq.read_table(stream, filters=mine)


def label_agreements(run: ValuationRun) -> tuple[Agreement | None, ...]:
    """How each seller's labels agree with the buyer's, in the order of the players; empty for earlier runs."""
    stored = (run.outcome or {}).get("labels", [])
    return tuple(None if one is None else Agreement(**one) for one in stored)


def _segment_cut(stored: Mapping[str, Any]) -> SegmentCut:
    scored = "scores" in stored
    return SegmentCut(
        column=stored["column"],
        segments=tuple(stored["segments"]),
        rows=tuple(stored["rows"]),
        contributions=np.array(stored["contributions"], dtype=np.float64),
        standard_errors=np.array(stored["standard_errors"], dtype=np.float64),
        total_standard_errors=np.array(stored["total_standard_errors"], dtype=np.float64),
        scores=np.array(stored["scores"], dtype=np.float64) if scored else None,
        score_standard_errors=np.array(stored["score_standard_errors"], dtype=np.float64) if scored else None,
    )


def progress(run: ValuationRun) -> RunProgress:
    """How far a run has come, live: blocks finished since the last merged wave count too."""
    now = run.finished_at or timezone.now()
    of_rows, of_sellers = run.blocks.filter(kind__startswith=ROW_KINDS), run.blocks.exclude(kind__startswith=ROW_KINDS)
    step: Literal["sellers", "rows"] = "rows" if of_rows.filter(wave=run.wave).exists() else "sellers"
    blocks, began = of_sellers, run.started_at
    if step == "rows":
        blocks, began = of_rows, of_sellers.aggregate(at=Max("done_at"))["at"]
    evaluations, seconds = blocks.aggregate(spent=Sum("evaluations", default=0))["spent"], _elapsed(began, now)
    return RunProgress(
        state=run.state,
        wave=run.wave,
        step=step,
        evaluations=evaluations,
        evaluations_max=run.row_evaluations_max if step == "rows" else run.evaluations_max,
        evaluations_left=run.progress.get(step, {}).get("evaluations_left"),
        evaluations_per_second=evaluations / seconds if seconds else 0.0,
        seconds=_elapsed(run.started_at, now),
        precision_target=run.precision_target,
        figures=run.progress,
    )


def _elapsed(start: dt.datetime | None, end: dt.datetime) -> float:
    return (end - start).total_seconds() if start is not None else 0.0
