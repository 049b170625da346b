"""What a run comes to: the values of each rule, and the figures that pages and the audit report read."""

import numpy as np
from django.db.models import Sum

from valuation.core.plans import plan as core_plan
from valuation.core.plans.block_kinds import Step, kinds_of
from valuation.core.results import GroupValues
from valuation.documents import Outcome, RuleCovariances, RunSeconds
from valuation.documents.outcome import FORMAT_VERSION
from valuation.models import PlayerValue, ValuationRun
from valuation.services import explanation, row_values
from valuation.services.run_plans import RunPlan


def conclude(*, run: ValuationRun, plan: RunPlan, state: core_plan.PlanState) -> Outcome:
    """Write every rule's values of a run whose waves are all merged, and return its outcome."""
    first = plan.first_state(state)
    of_sellers = plan.first.estimates(first, run.seed)
    rows = row_values.conclude(run=run, plan=plan.second, state=plan.second_state(state))
    estimates = of_sellers | rows.sums
    PlayerValue.objects.bulk_create(
        PlayerValue(
            run=run,
            organization_id=seller.organization_id,
            rule=rule,
            value=float(values.values[index]),
            standard_error=float(np.sqrt(values.covariance[index, index])),
            validation_standard_error=_validation_error(values, index),
        )
        for rule, values in estimates.items()
        for index, seller in enumerate(run.manifest.sellers)
    )
    explained = explanation.explain(run=run, plan=plan.first, state=first, values=of_sellers["fgsv"])
    utility_empty, utility_full = (float(utility) for utility in first.arrays["ends"])
    return Outcome(
        format=FORMAT_VERSION,
        covariances={rule: _covariances(values) for rule, values in estimates.items()},
        utility_empty=utility_empty,
        utility_full=utility_full,
        total_validation_error=estimates["fgsv"].total_validation_error,
        seconds=_seconds(run),
        withheld=tuple(np.flatnonzero(of_sellers["fgsv"].withheld).tolist()),
        hcdv=rows.outcome,
        **explained,
    )


def _validation_error(values: GroupValues, index: int) -> float | None:
    if values.validation_covariance is None:
        return None
    return float(np.sqrt(values.validation_covariance[index, index]))


def _covariances(values: GroupValues) -> RuleCovariances:
    return RuleCovariances(computation=values.covariance, validation=values.validation_covariance)


def _seconds(run: ValuationRun) -> RunSeconds:
    seconds = {row["kind"]: row["total"] for row in run.blocks.values("kind").annotate(total=Sum("seconds")).order_by()}
    embedding = sum(seconds.pop(kind, 0.0) for kind in kinds_of(Step.TREES))
    valuing_rows = sum(seconds.pop(kind, 0.0) for kind in kinds_of(Step.ROWS))
    return RunSeconds(
        freezing=run.progress.freeze_seconds,
        evaluating=sum(seconds.values()),
        embedding_rows=embedding,
        valuing_rows=valuing_rows,
        merging=run.progress.merge_seconds,
    )
