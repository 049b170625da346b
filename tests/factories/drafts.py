"""Draft requests for tests, and rows that fit them: whether somebody buys follows the age."""

import csv
import io

import numpy as np
from django.core.files.base import ContentFile

from marketplace.services import drafts
from tests.factories.accounts import organization_of

SCHEMA = {
    "columns": [
        {"name": "age", "kind": "number", "required": True, "minimum": 10.0, "maximum": 90.0, "categories": []},
        {"name": "town", "kind": "category", "required": True, "minimum": None, "maximum": None,
         "categories": ["Bath", "Ely"]},
        {"name": "buys", "kind": "category", "required": True, "minimum": None, "maximum": None,
         "categories": ["no", "yes"]},
    ]
}  # fmt: skip


def rows_csv(rows, *, seed=0, one_class=False):
    """A CSV file of these columns."""
    rng = np.random.default_rng(seed)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["age", "town", "buys"])
    for number in rng.integers(18, 90, rows):
        writer.writerow([number, rng.choice(["Ely", "Bath"]), "no" if one_class or number < 50 else "yes"])
    return text.getvalue().encode()


def make_draft(buyer):
    """A draft whose columns, target and task are settled."""
    draft = drafts.start(buyer=organization_of(buyer), title="Buyers by age", description="", by=buyer)
    draft.schema, draft.target, draft.task = SCHEMA, "buys", "classification"
    draft.save()
    return draft


def completed(draft, buyer, *, family="logistic_regression", params=None, rows=150):
    """The same draft with everything that its opening needs."""
    spec = {"family": family, "params": params or {}, "seed": 0}
    drafts.set_model(request=draft, task="classification", model_spec=spec, metric="balanced_accuracy", by=buyer)
    file = ContentFile(rows_csv(rows, seed=1), name="validation.csv")
    drafts.set_validation(request=draft, file=file, by=buyer)
    drafts.set_budget(
        request=draft, pot_minor=1_000_000, currency="EUR", precision_target=0.02, evaluations_max=50_000, by=buyer
    )
    draft.refresh_from_db()
    return draft
