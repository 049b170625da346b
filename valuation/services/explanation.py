"""What a finished run keeps to explain its values by: coalition size, class, and segment of the validation rows."""

from typing import TypedDict

import numpy as np

from valuation.core.checks.label_agreement import Agreement, label_agreement
from valuation.core.fgsv.by_size import by_size
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.fgsv.segments import by_segment
from valuation.core.metrics.registry import facts_of
from valuation.core.plans.plan import PlanState
from valuation.core.results import GroupValues
from valuation.documents import LearningCurve, Removal, SegmentCut, SizeCut
from valuation.documents.outcome import SEGMENT_ROWS_MIN, TOO_FEW
from valuation.models import ValuationRun
from valuation.services import inputs
from valuation.services.columns import Array, Codes, categories, classes


class Explanations(TypedDict, total=False):
    """The parts of an outcome that explain its values; what the metric does not allow is missing."""

    by_size: SizeCut
    labels: tuple[Agreement | None, ...]
    removal: Removal
    by_class: SegmentCut
    by_segment: tuple[SegmentCut, ...]


def explain(*, run: ValuationRun, plan: FgsvPlan, state: PlanState, values: GroupValues) -> Explanations:
    """The outcome's explanations.

    ``by_size`` and ``labels`` always, ``by_class`` and ``by_segment`` where the metric allows.

    And ``removal`` where all coalitions of sellers were evaluated.

    It allows where it is a plain mean of rows: linearised scores (ROC AUC, macro F1) carry the error of the validation
    sample, and what they sum to over a segment means nothing.

    Args:
        run: The run, for its frozen validation rows.
        plan: The FGSV plan.
        state: Its final state.
        values: The FGSV values with their contributions per validation row.
    """
    sizes = by_size(plan, state)
    explained: Explanations = {
        "by_size": SizeCut(
            edges=tuple(sizes.edges.tolist()),
            contributions=sizes.contributions,
            curve=LearningCurve(rows=sizes.curve_sizes, utilities=sizes.curve_utilities),
        ),
        "labels": _labels(run),
    }
    removal = _removal(plan, state, values)
    if removal is not None:
        explained["removal"] = removal
    metric = run.manifest.spec.metric
    if values.contributions is None or not facts_of(metric).mean_of_rows:
        return explained
    scores, halves = _scores(metric, state), plan.half_contributions(state)
    by_class = _segmented(values, halves, scores, classes(run.manifest, inputs.validation_targets(run)))
    if by_class is not None:
        explained["by_class"] = by_class
    columns = categories(run.manifest, inputs.validation_features(run))
    segmented = (_segmented(values, halves, scores, column) for column in columns)
    explained["by_segment"] = tuple(cut for cut in segmented if cut is not None)
    return explained


def _labels(run: ValuationRun) -> tuple[Agreement | None, ...]:
    """How each seller's labels agree with the buyer's."""
    frozen = inputs.load(run)
    return tuple(label_agreement(frozen.rows, frozen.groups, task=run.manifest.spec.task))


def _removal(plan: FgsvPlan, state: PlanState, values: GroupValues) -> Removal | None:
    """The score as sellers leave in either order of their values."""
    order = np.argsort(-values.values, kind="stable").tolist()
    best_first = plan.removal(state, order)
    worst_first = plan.removal(state, order[::-1])
    if best_first is None or worst_first is None:
        return None
    return Removal(best_first=best_first, worst_first=worst_first)


def _segmented(
    values: GroupValues,
    halves: tuple[Array, Array] | None,
    scores: Array | None,
    by: tuple[str, list[str], Codes],
) -> SegmentCut | None:
    """Values by segment of a column, small segments taken together; None where that leaves nothing to compare."""
    column, names, codes = by
    counts = np.bincount(codes, minlength=len(names)) if names else np.zeros(0, dtype=np.int64)
    shown = np.flatnonzero(counts >= SEGMENT_ROWS_MIN)
    place = np.full(len(names), len(shown), dtype=np.int64)
    place[shown] = np.arange(len(shown))
    rest = int(counts.sum() - counts[shown].sum())
    n_segments = len(shown) + (rest > 0)
    if n_segments < 2:  # noqa: PLR2004 - one segment is no comparison
        return None
    found = by_segment(values, place[codes], n_segments, halves=halves)
    if found is None:
        return None
    within = [] if scores is None else [scores[place[codes] == segment] for segment in range(n_segments)]
    return SegmentCut(
        column=column,
        segments=(*(names[code] for code in shown), *([TOO_FEW] if rest else [])),
        rows=(*(int(counts[code]) for code in shown), *([rest] if rest else [])),
        contributions=found.contributions,
        standard_errors=found.standard_errors,
        total_standard_errors=found.total_standard_errors,
        scores=np.array([rows.mean() for rows in within]) if within else None,
        score_standard_errors=np.array([rows.std() / np.sqrt(len(rows)) for rows in within]) if within else None,
    )


def _scores(metric: str, state: PlanState) -> Array | None:
    """What the model trained on everybody's rows scores on each validation row: 1 where it names the right class.

    Balanced accuracy weighs rows by their class; whether one is right is the same question under it.
    """
    if "ends_rows" not in state.arrays:
        return None
    full: Array = state.arrays["ends_rows"][1]
    return (full > 0).astype(np.float64) if facts_of(metric).counts_hits else full
