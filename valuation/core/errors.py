"""Errors of the valuation core: one base, a stable code each, so that an edge can map them without parsing sentences."""

from typing import ClassVar


class ValuationError(Exception):
    """Base of every error the valuation core raises on purpose."""

    code: ClassVar[str] = "valuation_error"


class InvalidSpecError(ValuationError):
    """A model spec or metric is not on the allow-list, is out of range, or does not fit the task."""

    code = "invalid_spec"

    def __init__(self, field: str, value: object, expected: str) -> None:
        """Name the field, the value it had, and what would have been accepted."""
        super().__init__(f"{field} is {value!r}; expected {expected}.")
        self.field = field
        self.value = value
        self.expected = expected


class InvalidDataError(ValuationError):
    """Rows, labels or coalitions have a shape or a value that no utility can be computed from."""

    code = "invalid_data"


class FitFailedError(ValuationError):
    """The buyer's model could not be trained on a coalition. A failed fit is never a score."""

    code = "fit_failed"
