"""What a run does, as a pure function of what was frozen: sellers' values to the precision asked for, then rows'."""

from collections.abc import Callable

from valuation.core.fgsv.plan import METHOD_VERSION as FGSV_VERSION
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.fgsv.precision import DueTarget
from valuation.core.models.cost import evaluation_seconds
from valuation.core.plans.sequence import PlanSequence
from valuation.core.rows.market import market_plan
from valuation.core.rows.plan import METHOD_VERSION as HCDV_VERSION
from valuation.core.rows.repetitions import RepeatedHcdvPlan
from valuation.documents import Manifest
from valuation.models import ValuationRun

RunPlan = PlanSequence[FgsvPlan, RepeatedHcdvPlan]
METHOD_VERSION = f"{FGSV_VERSION}+{HCDV_VERSION}"

# Models quicker than this have the larger budget for rows' values.
QUICK_SECONDS = 0.005


def plan_of(run: ValuationRun) -> RunPlan:
    """The run's plan, a pure function of what was frozen: sellers' values to the precision asked for, then rows'."""
    sellers = FgsvPlan(
        tuple(seller.rows for seller in run.manifest.sellers),
        budget=run.evaluations_max,
        target=run.precision_target,
        due_target=_due_target(run),
        gated=run.gated,
        rowwise=run.manifest.rowwise,
        with_seller_game=True,
        cost=evaluation_cost(run.manifest),
    )
    return PlanSequence(sellers, row_plan(run.manifest))


def _due_target(run: ValuationRun) -> DueTarget | None:
    if run.due_relative is None or run.due_absolute is None:
        return None
    return DueTarget(run.due_relative, run.due_absolute)


def evaluation_cost(manifest: Manifest) -> Callable[[float], float]:
    """About how many seconds one evaluation takes by its rows, from what was frozen alone."""
    spec = manifest.spec
    seconds = evaluation_seconds(spec, len(manifest.features))
    return lambda size: seconds(max(size, spec.start_rows) + manifest.base_rows)


def row_plan(manifest: Manifest) -> RepeatedHcdvPlan:
    """The plan of rows' values, from what was frozen alone."""
    spec, n_rows = manifest.spec, manifest.n_rows
    cost = evaluation_cost(manifest)
    # Networks train together, and are slow all the same.
    quick = manifest.batched and cost(n_rows) < QUICK_SECONDS
    return market_plan(n_rows=n_rows, task=spec.task, metric=spec.metric, batched=quick, cost=cost)
