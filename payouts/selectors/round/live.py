"""A valuing round as one watches it: how far, how fast, how sure about whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from payouts.core.intervals import value_intervals
from payouts.models import PayoutRound
from payouts.selectors.round.findings import values_finding
from valuation.documents import Progress, Seller
from valuation.models import ValuationRun
from valuation.selectors import runs as valuation
from valuation.selectors.units import digits_of, in_unit, unit_of

# No block takes that long on a machine that is up: from then on the page offers to send the work out again.
SILENCE_SECONDS = 60


@dataclass(frozen=True)
class LiveRound:
    """What the progress fragment shows; intervals, in `unit`, are empty until the first wave is merged."""

    is_valuing: bool
    wave: int
    step: str
    evaluations: int
    evaluations_max: int
    evaluations_per_second: float
    elapsed_seconds: float
    remaining_seconds: float | None
    silent_seconds: float | None
    half_width: float | None
    half_width_wanted: float
    intervals: list[dict[str, Any]]
    finding: str
    unit: str
    digits: int


def watch(payout_round: PayoutRound) -> LiveRound:
    """Read a triggered round's run as it stands now.

    Raises:
        ValueError: The round has no run yet.
    """
    run = payout_round.started_run
    now = valuation.progress(run)
    metric = payout_round.request.metric
    intervals = _intervals(run.manifest.sellers, now.figures, metric)
    left, speed = now.evaluations_left, now.evaluations_per_second
    return LiveRound(
        is_valuing=payout_round.state == PayoutRound.State.VALUING,
        wave=now.wave,
        step=now.step,
        evaluations=now.evaluations,
        evaluations_max=now.evaluations_max,
        evaluations_per_second=speed,
        elapsed_seconds=now.seconds,
        remaining_seconds=left / speed if left is not None and speed else None,
        silent_seconds=_silent_seconds(run),
        half_width=now.figures.share_half_width,
        half_width_wanted=now.precision_target,
        intervals=intervals,
        finding=values_finding(intervals),
        unit=unit_of(metric),
        digits=digits_of(metric),
    )


def _silent_seconds(run: ValuationRun) -> float | None:
    """How long it is since a block was finished or the run was made, where that is longer than a block may take."""
    last = run.blocks.aggregate(at=Max("done_at"))["at"] or run.created_at
    seconds = float((timezone.now() - last).total_seconds())
    return seconds if seconds > SILENCE_SECONDS else None


def _intervals(sellers: Sequence[Seller], figures: Progress, metric: str) -> list[dict[str, Any]]:
    values, errors = list(figures.values), figures.standard_errors
    if not values or not errors:
        return []
    covariance = [[error**2 if g == h else 0.0 for h in range(len(errors))] for g, error in enumerate(errors)]
    return [
        {
            "label": seller.name,
            "value": in_unit(value, metric),
            "low": in_unit(interval.lower, metric),
            "high": in_unit(interval.upper, metric),
        }
        for seller, value, interval in zip(sellers, values, value_intervals(values, covariance), strict=True)
    ]
