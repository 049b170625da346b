"""How sure every interval is: one level for all that pays and for all that pages show."""

from statistics import NormalDist

from valuation.core.errors import InvalidSpecError

# Amounts of stored rounds and targets of running ones rest on it: another level needs new method versions. Pages that
# say "95 %" say it in words.
LEVEL = 0.95


def normal_quantile(level: float = LEVEL) -> float:
    """Half-width of a two-sided normal interval in standard errors, 1.96 at 0.95.

    Raises:
        InvalidSpecError: ``level`` is not above 0 and below 1.
    """
    if not 0.0 < level < 1.0:
        raise InvalidSpecError("level", level, "a number above 0 and below 1")
    return -NormalDist().inv_cdf(0.5 - level / 2)
