"""What was frozen for a run: sellers, versions, model, settings, and the hash of every array."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from pydantic import Field

from marketplace.basics.documents import Document
from valuation.core.models import ModelSpec
from valuation.documents.sellers import OfSellers

# Raised when a change of freezing would change the arrays of the same submissions.
# 3: the model says on what terms its game is played; before, there were none.
FORMAT_VERSION: Final = 3
_FORMAT_WITH_TERMS: Final = 3
# What a run was played under whose model does not say it: a score may lie below that of no model at all, every row
# weighs alike whatever its class, and numbers are taken as they are.
FIRST_TERMS: Final[Mapping[str, Any]] = {
    "class_weights": False,
    "free_disposal": False,
    "clip_numbers": False,
    "start_rows": 0,
}


class ManifestSubmission(Document):
    """One file that was submitted, and how many of its rows were left out as copies."""

    submission: str
    organization_id: int
    version: str
    sha256: str
    rows: int
    # Runs that were frozen before copies were looked for left out none.
    rows_left_out: int = 0


class Manifest(OfSellers):
    """Everything that a run's values are a function of, beside its seed and its budget.

    Attributes:
        features: Names of the encoded columns, in their order.
        left_out_whole: Files of which every row was left out as a copy.
        arrays: SHA-256 of each stored array, by name.
        base_sha256: Hash of the buyer's own rows as committed at opening; None where there are none.
    """

    format: int = Field(ge=1, le=FORMAT_VERSION)
    request: str
    columns_schema: dict[str, Any] = Field(alias="schema")
    target: str
    model: dict[str, Any]
    validation_sha256: str
    features: tuple[str, ...]
    submissions: tuple[ManifestSubmission, ...]
    left_out_whole: tuple[ManifestSubmission, ...] = ()
    arrays: dict[str, str]
    rowwise: bool
    # Format 1 did not say it, as its runs valued no single rows.
    batched: bool = False
    base_sha256: str | None = None
    base_rows: int = 0

    @cached_property
    def sha256(self) -> str:
        """The hash under which a run's inputs are frozen and approved."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.sha256)

    @cached_property
    def spec(self) -> ModelSpec:
        """The model that the run was frozen with, and the terms of its game."""
        terms = {} if self.format >= _FORMAT_WITH_TERMS else FIRST_TERMS
        return ModelSpec.from_json({**terms, **self.model})

    @property
    def n_rows(self) -> int:
        """Rows of all sellers together."""
        return sum(seller.rows for seller in self.sellers)

    @property
    def files(self) -> tuple[ManifestSubmission, ...]:
        """Every file that was frozen, those that were left out whole last."""
        return (*self.submissions, *self.left_out_whole)

    @property
    def left_out_sellers(self) -> dict[int, int]:
        """Organisations of which no row was left to value, in the order of their keys, each with its rows left out."""
        rows: dict[int, int] = {}
        for file in self.left_out_whole:
            if self.place_of(file.organization_id) is None:
                rows[file.organization_id] = rows.get(file.organization_id, 0) + file.rows_left_out
        return dict(sorted(rows.items()))
