"""How sure an amount is to be for whom it is due: no further from it, by the draw of coalitions, than a stated part."""

from dataclasses import dataclass
from statistics import NormalDist

from valuation.core.fgsv.precision import DUE_MINOR, DUE_PART
from valuation.core.statistics.confidence import LEVEL

# A run stops when values are that sure; an amount moves a little more, with the sum of all that is shared.
_TOLERANCE = 1.2
# A run stops for whom computation is a quarter of the validation variance or less: half of its standard error.
_OF_VALIDATION = 0.5 * _TOLERANCE


@dataclass(frozen=True)
class Wobble:
    """What another draw of coalitions would do to an amount, and other validation rows, in minor units.

    Attributes:
        amount_minor: What is due.
        error_minor: Its standard error from sampling coalitions.
        allowed_minor: What that may be.
        validation_error_minor: Its standard error from the validation rows being a sample; None where not known.
    """

    amount_minor: int
    error_minor: float
    allowed_minor: float
    validation_error_minor: float | None = None

    @property
    def is_too_much(self) -> bool:
        """Whether more draws would make the amount as sure as it should be, and it is not."""
        return self.error_minor > _TOLERANCE * self.allowed_minor and not self._rows_decide

    @property
    def only_rows_help(self) -> bool:
        """Whether the amount is less sure than it should be, and only more validation rows would change that."""
        validation = self.validation_error_minor
        return validation is not None and validation > _TOLERANCE * self.allowed_minor and not self.is_too_much

    @property
    def _rows_decide(self) -> bool:
        validation = self.validation_error_minor
        return validation is not None and self.error_minor <= _OF_VALIDATION * validation


def wobble(amount_minor: int, interval: tuple[int, int], validation_interval: tuple[int, int] | None) -> Wobble:
    """Read an amount's two standard errors off its intervals.

    Args:
        amount_minor: What is due.
        interval: Both ends of the interval from sampling coalitions, in minor units.
        validation_interval: Both ends of that from the validation rows.

    Returns:
        The errors, beside the larger of a sixth of the amount and 500 minor units.
    """
    return Wobble(
        amount_minor,
        _error(amount_minor, interval),
        max(DUE_PART * amount_minor, float(DUE_MINOR)),
        None if validation_interval is None else _error(amount_minor, validation_interval),
    )


def _error(amount_minor: int, interval: tuple[int, int]) -> float:
    """The wider side of an interval over its quantile; a unit on each side is rounding and no error."""
    wider = max(interval[1] - amount_minor, amount_minor - interval[0]) - 1
    return max(0.0, wider / NormalDist().inv_cdf((1 + LEVEL) / 2))
