"""Values of rows in a run over the database: whose they are, where they are kept, and what they sum to."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.files.storage import default_storage
from django.db import ProgrammingError, transaction
from django.utils import timezone

from marketplace.models import DatasetVersion, Role
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission
from tests.integration.valuation.market import csv_of, make_market, start_run, table, work_off
from valuation.core.plans.plan import PlanState
from valuation.models import ValuationRun, WorkBlock
from valuation.selectors import row_kinds
from valuation.selectors import runs as selectors
from valuation.services import blocks, row_values, runs
from valuation.services.run_plans import plan_of

pytestmark = pytest.mark.django_db


def test_a_sellers_rows_sum_to_its_value_and_all_rows_to_the_pot(finished_run):
    outcome, points = selectors.outcome(finished_run), selectors.point_values(finished_run)

    assert points.num_rows == 105
    pot = outcome.utility_full - outcome.utility_empty
    assert outcome.rules["hcdv_metric"].values.sum() == pytest.approx(pot, abs=1e-12)
    for place, player in enumerate(outcome.players):
        own = selectors.point_values(finished_run, player.organization_id)
        assert own["row"].to_pylist() == list(range(player.rows))
        for rule, column in (("hcdv", "value"), ("hcdv_metric", "value_without_lambda")):
            assert own[column].to_numpy().sum() == pytest.approx(outcome.rules[rule].values[place], abs=1e-12)
    kept = finished_run.outcome.hcdv
    assert (kept.repetitions, kept.depth, kept.leaves, kept.nodes) == (4, 1, 32, 36)
    assert kept.encoder_refused == ""
    assert finished_run.evaluations_spent - kept.evaluations > 0
    assert kept.evaluations <= finished_run.row_evaluations_max
    assert kept.encoder_seconds > 0


def test_rules_of_row_values_carry_the_scatter_over_repetitions(finished_run):
    outcome = selectors.outcome(finished_run)

    for rule in ("hcdv", "hcdv_metric"):
        values = outcome.rules[rule]
        assert values.covariance_known
        assert values.validation_covariance is None
        errors = np.sqrt(np.diag(values.covariance))
        assert (errors > 0).all()
        kept = (
            finished_run.player_values.filter(rule=rule)
            .order_by("organization_id")
            .values_list("standard_error", flat=True)
        )
        assert list(kept) == pytest.approx(errors.tolist())
    # In the metric alone the values of every repetition sum to the pot, so that sellers' errors cancel; with lambda the
    # pot itself differs, because each encoder has its own dispersion.
    assert outcome.rules["hcdv_metric"].covariance.sum() == pytest.approx(0.0, abs=1e-12)
    assert outcome.rules["hcdv"].covariance.sum() > 0


def test_means_by_class_are_those_of_the_stored_rows(finished_run):
    (classes,) = row_kinds.row_kinds(finished_run)

    points = selectors.point_values(finished_run)
    labels = []
    for point in points.to_pylist():
        with DatasetVersion.objects.get(pk=point["version_id"]).parquet.open("rb") as stream:
            labels.append(pq.read_table(stream)["income"][point["row"]].as_py())
    labels, values = np.array(labels), points["value_without_lambda"].to_numpy()
    owners = points["organization_id"].to_numpy()
    assert classes.column == "income"
    for seller, found in zip(finished_run.manifest.sellers, classes.sellers, strict=True):
        own = owners == seller.organization_id
        assert_means(found, labels[own], values[own])
    assert_means(classes.all, labels, values)
    assert [found.kind for found in classes.all] == ["low", "high"]


def assert_means(found, labels, values):
    """Every kind of 20 rows with 20 others is there, with its mean and how far it is ahead of them."""
    compared = {kind for kind in ("low", "high") if 20 <= (labels == kind).sum() <= len(labels) - 20}
    assert {mean.kind for mean in found} == compared
    for mean in found:
        here = labels == mean.kind
        assert mean.rows == here.sum()
        assert mean.mean == pytest.approx(values[here].mean(), abs=1e-12)
        assert mean.ahead == pytest.approx(values[here].mean() - values[~here].mean(), abs=1e-12)
        assert 0 < mean.standard_error < mean.ahead_standard_error


def by_content(request, run):
    """The value of every row by what it holds; rows alike have one value."""
    tables = {}
    for submission in request.submissions.all():
        with submission.version.parquet.open("rb") as stream:
            tables[str(submission.version_id)] = pq.read_table(stream).to_pylist()
    found = {}
    for point in selectors.point_values(run).to_pylist():
        content = tuple(tables[point["version_id"]][point["row"]].values())
        found.setdefault(content, set()).add((point["value"], point["value_without_lambda"]))
    return found


def submit(request, rows):
    seller = make_member(Role.SELLER, organization=make_organization(name=f"House of {rows.num_rows} rows"))
    make_submission(request=request, seller=seller, data=csv_of(rows))


def test_renaming_and_splitting_sellers_changes_no_bit_of_a_rows_value():
    together, apart = make_market(sizes=(15, 30, 60)), make_market(sizes=())
    middle = table(30, seed=1)
    for rows in (table(60, seed=2), middle.slice(20), table(15, seed=0), middle.slice(0, 20)):
        submit(apart, rows)

    first, second = (by_content(request, work_off(start_run(request))) for request in (together, apart))

    assert first == second
    assert len(first) == 105
    assert {len(values) for values in first.values()} == {1}


def work_off_with_deaths(run):
    """Every holder of a block dies before it can store its result; another starts anew and does the wave backwards."""
    past = timezone.now() - dt.timedelta(seconds=1)
    while runs.mark_running(run_id=run.pk):
        while (block := blocks.claim(run_id=run.pk)) is not None:
            blocks.compute(run=run, block=block)
        run.blocks.filter(state=WorkBlock.State.LEASED).update(leased_until=past)
        blocks._foundation.cache_clear()
        claimed = []
        while (block := blocks.claim(run_id=run.pk)) is not None:
            claimed.append(block)
        for block in reversed(claimed):
            result, seconds = blocks.compute(run=run, block=block)
            assert block.attempts == 2
            blocks.store(block=block, result=result, seconds=seconds)
        runs.advance(run_id=run.pk)
    return ValuationRun.objects.get(pk=run.pk)


def test_workers_that_die_in_every_block_change_no_bit(finished_run):
    rough = work_off_with_deaths(start_run(finished_run.request))

    assert selectors.point_values(rough).equals(selectors.point_values(finished_run))
    assert rough.outcome.hcdv.points_sha256 == finished_run.outcome.hcdv.points_sha256
    for rule, values in selectors.outcome(finished_run).rules.items():
        assert selectors.outcome(rough).rules[rule].values.tolist() == values.values.tolist()


def test_concluding_twice_leaves_one_whole_file(finished_run):
    plan = plan_of(finished_run)
    state = plan.second_state(PlanState.from_bytes(bytes(finished_run.merged.archive)))
    path = Path(default_storage.path(finished_run.outcome.hcdv.points))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])  # what a crash in the middle of writing leaves

    again = row_values.conclude(run=finished_run, plan=plan.second, state=state)
    once_more = row_values.conclude(run=finished_run, plan=plan.second, state=state)

    assert path.read_bytes() == whole
    assert again.outcome == once_more.outcome == finished_run.outcome.hcdv
    assert [entry.name for entry in path.parent.glob(f"{finished_run.pk}*")] == [f"{finished_run.pk}.parquet"]


def test_the_budget_of_row_values_is_fixed_when_the_run_starts():
    run = start_run(make_market())

    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        ValuationRun.objects.filter(pk=run.pk).update(row_evaluations_max=1)
