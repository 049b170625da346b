"""Data requests for tests: what a buyer asks for, and files that fit it."""

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.base import ContentFile
from django.utils import timezone

from marketplace.models import DataRequest
from tests.factories.accounts import make_organization

SCHEMA = {
    "columns": [
        {"name": "age", "kind": "number", "required": True, "minimum": 0, "maximum": 120},
        {"name": "gain", "kind": "number", "required": False},
        {"name": "sex", "kind": "category", "required": True, "categories": ["Female", "Male"]},
        {"name": "income", "kind": "category", "required": True, "categories": ["<=50K", ">50K"]},
    ]
}
GOOD_CSV = b"age,gain,sex,income\n39,2174,Male,>50K\n50,,Female,<=50K\n38,0,Male,<=50K\n"
BAD_CSV = b"age,gain,sex,income\nold,2174,Male,>50K\n50,,Femal,<=50K\n"


def make_request(*, buyer=None, state=DataRequest.State.OPEN, **fields):
    """Create a request as it is after opening, with three validation rows."""
    given = {
        "title": "Rows that tell high earners",
        "description": "Census rows.",
        "schema": SCHEMA,
        "target": "income",
        "task": DataRequest.Task.CLASSIFICATION,
        "model_spec": {"family": "logistic_regression", "params": {"C": 1.0}, "seed": 0},
        "metric": "balanced_accuracy",
        "validation_file": ContentFile(_validation_parquet(), name="validation.parquet"),
        "validation_rows": 3,
        "opened_at": None if state == DataRequest.State.DRAFT else timezone.now(),
    }
    given |= fields
    given.setdefault("validation_sha256", hashlib.sha256(given["validation_file"].read()).hexdigest())
    given["validation_file"].seek(0)
    return DataRequest.objects.create(buyer=buyer or make_organization(), state=state, **given)


def _validation_parquet():
    columns = {
        "age": pa.array([39.0, 50.0, 38.0]),
        "gain": pa.array([2174.0, None, 0.0]),
        "sex": pa.array(["Male", "Female", "Male"]),
        "income": pa.array([">50K", "<=50K", "<=50K"]),
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()
