"""Values of a run's rows: one file that never changes, their sums by seller, and what the outcome says of them."""

import hashlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from valuation.core.plans.block_kinds import Step, kinds_of
from valuation.core.plans.plan import PlanState
from valuation.core.results import GroupValues, HcdvValues
from valuation.core.rows.repetitions import RepeatedHcdvPlan, hcdv_group_sums
from valuation.documents import Manifest, RowKinds, RowOutcome
from valuation.models import ValuationRun, WorkBlock
from valuation.services import inputs, row_kinds

SCHEMA = pa.schema(
    [
        ("organization_id", pa.int64()),
        ("version_id", pa.string()),
        ("row", pa.int64()),
        ("value", pa.float64()),
        ("value_without_lambda", pa.float64()),
    ]
)
# The rules under which the sums of a seller's row values are shown: with the dispersion, and by the metric alone.
RULE, METRIC_RULE = "hcdv", "hcdv_metric"


@dataclass(frozen=True)
class RowsConcluded:
    """Sums by seller under each rule, in the order of the manifest's sellers, and the outcome's part."""

    sums: dict[str, GroupValues]
    outcome: RowOutcome


def conclude(*, run: ValuationRun, plan: RepeatedHcdvPlan, state: PlanState) -> RowsConcluded:
    """Store what every row is worth and sum it up by seller.

    The file is written before any database row speaks of it; doing so twice leaves the same bytes.
    """
    found = plan.estimate(state, run.seed)
    places, version_rows = inputs.sources(run.manifest)
    data = _parquet(run.manifest, places, version_rows, found)
    path = _store(f"points/{run.pk}.parquet", data)
    by_seller = _rows_by_seller(run.manifest, places)
    with_lambda, by_metric = hcdv_group_sums(found, by_seller)
    trees = run.blocks.filter(kind__in=kinds_of(Step.TREES))
    tree_seconds = trees.filter(state=WorkBlock.State.DONE).values_list("seconds", flat=True)
    return RowsConcluded(
        sums={RULE: with_lambda, METRIC_RULE: by_metric},
        outcome=RowOutcome(
            points=path,
            points_sha256=hashlib.sha256(data).hexdigest(),
            method_version=found.method_version,
            evaluations=found.evaluations,
            encoder_seconds=sum(tree_seconds),
            encoder_refused=found.encoder_refused,
            repetitions=plan.repetitions,
            nodes=sum(level.nodes for level in found.levels),
            nodes_faded=sum(level.faded for level in found.levels),
            nodes_faded_metric=sum(level.faded_metric for level in found.levels),
            depth=len(found.levels) - 1,
            leaves=sum(level.leaves for level in found.levels),
            levels=found.levels,
            settings=plan.plan.config.to_json(),
            kinds=_by_kind(run, found, by_seller),
        ),
    )


def _by_kind(run: ValuationRun, found: HcdvValues, by_seller: list[inputs.Array]) -> tuple[RowKinds, ...]:
    """Means by kind of row, where repetitions tell how sure they are."""
    if found.by_repetition is None:
        return ()
    return row_kinds.row_kinds(run=run, by_repetition=found.by_repetition[:, 1], by_seller=by_seller)


def _rows_by_seller(manifest: Manifest, places: inputs.Array) -> list[inputs.Array]:
    owners = np.array([submission.organization_id for submission in manifest.submissions])[places]
    return [np.flatnonzero(owners == seller.organization_id) for seller in manifest.sellers]


def _parquet(manifest: Manifest, places: inputs.Array, version_rows: inputs.Array, found: HcdvValues) -> bytes:
    """Rows by submission and place in their file; the same values always give the same bytes."""
    order = np.lexsort([version_rows, places])
    organizations = np.array([submission.organization_id for submission in manifest.submissions], dtype=np.int64)
    versions = np.array([submission.version for submission in manifest.submissions])
    columns = (
        organizations[places],
        versions[places],
        version_rows,
        found.values,
        found.metric_values,
    )
    sink = BytesIO()
    pq.write_table(pa.table([column[order] for column in columns], schema=SCHEMA), sink)
    return sink.getvalue()


def _store(path: str, data: bytes) -> str:
    """Write a file under its name; what a crash left there is replaced unless it is whole."""
    if default_storage.exists(path):
        with default_storage.open(path, "rb") as stream:
            if stream.read() == data:
                return path
        default_storage.delete(path)
    return default_storage.save(path, ContentFile(data))
