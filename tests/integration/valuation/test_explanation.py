"""A finished run keeps what explains its values, and every explanation sums to them."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile

from marketplace.models import Role
from tests.factories.accounts import make_member
from tests.factories.datasets import make_submission
from tests.factories.requests import make_request
from tests.integration.valuation.market import SCHEMA, make_market, start_run, table, work_off
from valuation.core.fgsv.segments import by_segment
from valuation.services import explanation

pytestmark = pytest.mark.django_db

TOWNS = {"name": "town", "kind": "category", "required": False, "categories": ["north", "south", "islet"]}


def with_towns(rows, seed):
    towns = np.random.default_rng(seed).choice(["north", "south", "islet", None], rows, p=[0.5, 0.4, 0.05, 0.05])
    return table(rows, seed).append_column("town", [towns.tolist()])


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    return sink.getvalue()


def csv(rows):
    columns = rows.to_pydict()
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def values_of(run):
    found = {row.organization_id: row.value for row in run.player_values.filter(rule="fgsv")}
    return [found[seller.organization_id] for seller in run.manifest.sellers]


def assert_sums_to_the_values(contributions, run):
    np.testing.assert_allclose(np.sum(contributions, axis=0), values_of(run), atol=1e-12)


def test_values_by_size_and_by_class(monkeypatch):
    errors = []

    def watched(values, segments, n_segments, *, halves):
        errors.extend(by_segment(values, segments, n_segments, halves=one).standard_errors for one in (halves, None))
        return by_segment(values, segments, n_segments, halves=halves)

    monkeypatch.setattr(explanation, "by_segment", watched)
    run = work_off(start_run(make_market()))

    sizes, classes = run.outcome.by_size, run.outcome.by_class
    without_noise, with_noise = errors
    assert classes.standard_errors.tolist() == without_noise.tolist()
    assert (without_noise < with_noise).all()

    assert (sizes.edges[0], sizes.edges[-1]) == (0, 105)
    assert_sums_to_the_values(sizes.contributions, run)
    assert sizes.curve.rows[-1] == 105
    assert sizes.curve.utilities[0] == run.outcome.utility_empty
    assert sizes.curve.utilities[-1] == run.outcome.utility_full
    assert (classes.column, classes.segments, sum(classes.rows)) == ("income", ("low", "high"), 200)
    assert_sums_to_the_values(classes.contributions, run)
    assert run.outcome.by_segment == ()
    assert classes.scores @ np.array(classes.rows) / 200 == pytest.approx(run.outcome.utility_full)


@pytest.mark.parametrize(("metric", "range_"), [("balanced_accuracy", (0.0, 1.0)), ("neg_log_loss", (-30.0, 0.0))])
def test_scores_by_class_are_the_part_named_right_or_the_mean_of_the_metric(metric, range_):
    run = work_off(start_run(make_market(metric=metric)))

    classes = run.outcome.by_class

    scores, rows = classes.scores, np.array(classes.rows)
    weights = [0.5, 0.5] if metric == "balanced_accuracy" else rows / rows.sum()
    assert scores @ weights == pytest.approx(run.outcome.utility_full)
    assert range_[0] <= scores.min() <= scores.max() <= range_[1]
    if metric == "balanced_accuracy":
        errors = np.sqrt(scores * (1 - scores) / rows)
        assert classes.score_standard_errors.tolist() == pytest.approx(errors.tolist())


def test_values_by_category_of_the_validation_rows_take_small_segments_together():
    validation = with_towns(200, seed=99)
    request = make_request(
        schema={"columns": [TOWNS, *SCHEMA["columns"]]},
        target="income",
        validation_file=ContentFile(parquet(validation), "validation.parquet"),
    )
    for seed in (1, 2):
        make_submission(request=request, seller=make_member(Role.SELLER), data=csv(with_towns(40, seed)))

    run = work_off(start_run(request))

    (towns,) = run.outcome.by_segment
    counts = validation.column("town").to_pylist()
    north, south = counts.count("north"), counts.count("south")
    assert towns.column == "town"
    assert towns.segments == ("north", "south", "fewer than 20 validation rows each")
    assert towns.rows == (north, south, 200 - north - south)
    assert_sums_to_the_values(towns.contributions, run)


def test_a_metric_that_is_no_plain_mean_of_rows_is_explained_by_size_alone():
    run = work_off(start_run(make_market(metric="roc_auc")))

    assert run.outcome.covariances["fgsv"].validation is not None
    assert_sums_to_the_values(run.outcome.by_size.contributions, run)
    assert run.outcome.by_class is None
    assert run.outcome.by_segment == ()
    assert not {"by_class", "by_segment"} & run.outcome.to_json().keys()
