"""A small market with real files: sellers of different sizes who know something about the target."""

import hashlib
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.base import ContentFile

from marketplace.models import Role
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission
from tests.factories.requests import make_request
from valuation.models import ValuationRun
from valuation.services import blocks, runs

SCHEMA = {
    "columns": [
        {"name": "age", "kind": "number", "required": True},
        {"name": "gain", "kind": "number", "required": False},
        {"name": "income", "kind": "category", "required": True, "categories": ["low", "high"]},
    ]
}


def table(rows, seed):
    """Rows whose target follows age and gain, with noise; every tenth gain is missing."""
    rng = np.random.default_rng(seed)
    age, gain = rng.normal(40, 10, rows), rng.normal(0, 1, rows)
    high = (age - 40) / 10 + gain + rng.normal(0, 1, rows) > 0
    gains = [None if place % 10 == 9 else float(value) for place, value in enumerate(gain)]
    return pa.table({"age": age, "gain": gains, "income": np.where(high, "high", "low")})


def csv_of(rows):
    columns = rows.to_pydict()
    lines = ["age,gain,income"]
    lines += [
        f"{age!r},{'' if gain is None else repr(gain)},{income}"
        for age, gain, income in zip(columns["age"], columns["gain"], columns["income"], strict=True)
    ]
    return ("\n".join(lines) + "\n").encode()


def make_market(*, sizes=(15, 30, 60), **fields):
    """An open request with one submission of each size."""
    sink = io.BytesIO()
    pq.write_table(table(200, seed=99), sink)
    request = make_request(
        schema=SCHEMA, target="income", validation_file=ContentFile(sink.getvalue(), "validation.parquet"), **fields
    )
    for number, size in enumerate(sizes):
        seller = make_member(Role.SELLER, organization=make_organization(name=f"Seller {number} of {request.pk}"))
        make_submission(request=request, seller=seller, data=csv_of(table(size, seed=number)))
    return request


def base_fields(rows):
    """The fields of a request whose buyer has these rows already."""
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    data = sink.getvalue()
    file = ContentFile(data, "base.parquet")
    return {"base_file": file, "base_sha256": hashlib.sha256(data).hexdigest(), "base_rows": rows.num_rows}


def start_run(request, *, seed=7, target=0.2, budget=20_000):
    return runs.start(
        request=request,
        seed=seed,
        precision_target=target,
        evaluations_max=budget,
        on_end_task="tests.nobody",
        by=make_member(Role.OPERATOR),
    )


def work_off(run, *, order=lambda claimed: claimed):
    """Do every block as workers would, in any order within a wave, until the run ends."""
    while runs.mark_running(run_id=run.pk):
        claimed = []
        while (block := blocks.claim(run_id=run.pk)) is not None:
            claimed.append(block)
        for block in order(claimed):
            result, seconds = blocks.compute(run=run, block=block)
            blocks.store(block=block, result=result, seconds=seconds)
        runs.advance(run_id=run.pk)
    return ValuationRun.objects.get(pk=run.pk)
