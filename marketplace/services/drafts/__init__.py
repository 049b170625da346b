"""A buyer's draft on its way to an open request: each step is checked and kept, the last one commits."""

from marketplace.services.drafts.base import remove_base, set_base
from marketplace.services.drafts.changing import NotADraftError
from marketplace.services.drafts.columns import remove_column, set_column, take_columns
from marketplace.services.drafts.ending import ValidationAlteredError, close, discard, open_draft
from marketplace.services.drafts.terms import set_budget, set_model, set_target, set_words, start
from marketplace.services.drafts.validation import VALIDATION_ROWS_MIN, set_validation

__all__ = [
    "VALIDATION_ROWS_MIN",
    "NotADraftError",
    "ValidationAlteredError",
    "close",
    "discard",
    "open_draft",
    "remove_base",
    "remove_column",
    "set_base",
    "set_budget",
    "set_column",
    "set_model",
    "set_target",
    "set_validation",
    "set_words",
    "start",
    "take_columns",
]
