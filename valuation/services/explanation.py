"""What a finished run keeps to explain its values by: coalition size, class, and segment of the validation rows."""

from dataclasses import asdict
from typing import Any

import numpy as np

from valuation.core.fgsv.by_size import by_size
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.label_agreement import label_agreement
from valuation.core.plan import PlanState
from valuation.core.results import GroupValues
from valuation.core.segments import by_segment
from valuation.core.utility.metrics import is_mean_of_rows
from valuation.models import ValuationRun
from valuation.selectors.runs import COUNTING_METRICS, SEGMENT_ROWS_MIN, TOO_FEW
from valuation.services import inputs
from valuation.services.columns import Array, Codes, categories, classes


def explain(*, run: ValuationRun, plan: FgsvPlan, state: PlanState, values: GroupValues) -> dict[str, Any]:
    """The outcome's explanations as JSON.

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
    explained: dict[str, Any] = {
        "by_size": {
            "edges": sizes.edges.tolist(),
            "contributions": sizes.contributions.tolist(),
            "curve": {"rows": sizes.curve_sizes.tolist(), "utilities": sizes.curve_utilities.tolist()},
        },
        "labels": _labels(run),
    }
    removal = _removal(plan, state, values)
    if removal is not None:
        explained["removal"] = removal
    metric = run.manifest["model"]["metric"]
    if values.contributions is None or not is_mean_of_rows(metric):
        return explained
    scores, halves = _scores(metric, state), plan.half_contributions(state)
    by_class = _segmented(values, halves, scores, classes(run.manifest, inputs.validation_targets(run)))
    if by_class is not None:
        explained["by_class"] = by_class
    columns = categories(run.manifest, inputs.validation_features(run))
    segmented = (_segmented(values, halves, scores, column) for column in columns)
    explained["by_segment"] = [found for found in segmented if found is not None]
    return explained


def _labels(run: ValuationRun) -> list[dict[str, float] | None]:
    """How each seller's labels agree with the buyer's."""
    frozen = inputs.load(run)
    found = label_agreement(frozen.rows, frozen.groups, task=inputs.model_of(run.manifest).task)
    return [None if agreement is None else asdict(agreement) for agreement in found]


def _removal(plan: FgsvPlan, state: PlanState, values: GroupValues) -> dict[str, list[float]] | None:
    """The score as sellers leave in either order of their values."""
    order = np.argsort(-values.values, kind="stable").tolist()
    best_first = plan.removal(state, order)
    worst_first = plan.removal(state, order[::-1])
    if best_first is None or worst_first is None:
        return None
    return {"best_first": best_first.tolist(), "worst_first": worst_first.tolist()}


def _segmented(
    values: GroupValues,
    halves: tuple[Array, Array] | None,
    scores: Array | None,
    by: tuple[str, list[str], Codes],
) -> dict[str, Any] | None:
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
    segmented: dict[str, Any] = {
        "column": column,
        "segments": [names[code] for code in shown] + ([TOO_FEW] if rest else []),
        "rows": [int(counts[code]) for code in shown] + ([rest] if rest else []),
        "contributions": found.contributions.tolist(),
        "standard_errors": found.standard_errors.tolist(),
        "total_standard_errors": found.total_standard_errors.tolist(),
    }
    if scores is not None:
        within = [scores[place[codes] == segment] for segment in range(n_segments)]
        segmented["scores"] = [float(rows.mean()) for rows in within]
        segmented["score_standard_errors"] = [float(rows.std() / np.sqrt(len(rows))) for rows in within]
    return segmented


def _scores(metric: str, state: PlanState) -> Array | None:
    """What the model trained on everybody's rows scores on each validation row: 1 where it names the right class.

    Balanced accuracy weighs rows by their class; whether one is right is the same question under it.
    """
    if "ends_rows" not in state.arrays:
        return None
    full: Array = state.arrays["ends_rows"][1]
    return (full > 0).astype(np.float64) if metric in COUNTING_METRICS else full
