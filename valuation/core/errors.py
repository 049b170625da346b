"""Errors of the valuation core: one base, a stable code each, so that an edge maps them without reading sentences."""

from typing import ClassVar


class ValuationError(Exception):
    """Base of every error the valuation core raises on purpose."""

    code: ClassVar[str] = "valuation_error"


class InvalidSpecError(ValuationError):
    """A model spec or metric is not on the allow-list, is out of range, or does not fit the task."""

    code = "invalid_spec"

    def __init__(self, field: str, value: object, expected: str) -> None:
        """Name the field, the value it had, and what would have been accepted, or "no such thing: those there are"."""
        what, _, known = expected.partition(": ")
        if what.startswith("no such "):
            super().__init__(f"{field} is no known {what.removeprefix('no such ')}; known are: {known}.")
        else:
            super().__init__(f"{field} is {value!r}; expected {expected}.")
        self.field = field
        self.value = value
        self.expected = expected


class InvalidDataError(ValuationError):
    """Rows, labels or coalitions have a shape or a value that no utility can be computed from."""

    code = "invalid_data"


class InvalidRngError(ValuationError):
    """What should draw random numbers is no generator."""

    code = "invalid_rng"

    def __init__(self, rng: object) -> None:
        """Show what was given, and how a generator is made."""
        made = f"numpy.random.default_rng({rng})" if isinstance(rng, int) else "numpy.random.default_rng(0)"
        super().__init__(f"rng is {rng!r}; expected a NumPy generator such as {made}.")


class FitFailedError(ValuationError):
    """The buyer's model could not be trained on a coalition. A failed fit is never a score."""

    code = "fit_failed"


class InvalidGroupsError(ValuationError):
    """Groups overlap, point outside the players, or leave players out where all must be covered."""

    code = "invalid_groups"


class UtilityNotFiniteError(ValuationError):
    """A game answered NaN, infinity or the wrong number of utilities; no estimate may carry that on."""

    code = "utility_not_finite"

    def __init__(self, utilities: object) -> None:
        """Show the answer that was refused."""
        super().__init__(f"The game must return one finite utility a coalition; it returned {utilities!r}.")


class UtilityTooLargeError(ValuationError):
    """A game answered a number whose square no error could be computed from."""

    code = "utility_too_large"

    def __init__(self, largest: float, most: float) -> None:
        """State the answer that was refused and the largest one that would do."""
        super().__init__(
            f"The game answered {largest:g}; errors can be computed up to {most:g}. Give the target a larger unit."
        )


class BudgetTooSmallError(ValuationError):
    """The budget of utility evaluations does not cover the fewest samples an honest interval needs."""

    code = "budget_too_small"

    def __init__(self, budget: int, needed: int) -> None:
        """State the budget and the smallest one that would do."""
        super().__init__(f"A budget of {budget} utility evaluations is too small; at least {needed} are needed.")
        self.budget = budget
        self.needed = needed


class PlanOrderError(ValuationError):
    """A block result was merged out of number order, or a wave was planned before the last one was merged."""

    code = "plan_order"


class SavedBlocksError(ValuationError):
    """A saved block belongs to another run (seed, rows, groups, or what the block is to do differ) or is damaged."""

    code = "saved_blocks"
