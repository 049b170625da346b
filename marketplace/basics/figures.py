"""Write numbers, amounts and times the way Faircut's pages speak (machine formats belong to exports and the API)."""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format

from marketplace.basics.money import grouped_decimal

NARROW_SPACE = "\u202f"  # does not break, so a count never splits over two lines
MINUS = "\u2212"


def amount(amount_minor: int | None, currency: str) -> str:
    """Write minor units with their currency: ``1,842.17 EUR``."""
    return "" if amount_minor is None else f"{plain_amount(amount_minor, currency)} {currency}"


def plain_amount(amount_minor: int | None, currency: str) -> str:
    """Write minor units without naming the currency: for columns whose head names it, and after a plus-minus sign."""
    return "" if amount_minor is None else grouped_decimal(amount_minor, currency).replace("-", MINUS)


def count(number: int | None) -> str:
    """Write a whole number in groups of three: ``48 842``."""
    return "" if number is None else f"{number:,}".replace(",", NARROW_SPACE).replace("-", MINUS)


def decimals(number: float | None, digits: int = 4) -> str:
    """Write a number with a fixed count of decimals: ``0.0312``."""
    if number is None:
        return ""
    rounded = round(number, digits)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.{digits}f}".replace(",", NARROW_SPACE)


def percent(fraction: float | None, digits: int = 1) -> str:
    """Write a fraction as a percentage: ``18.4 %``."""
    return "" if fraction is None else f"{decimals(100 * fraction, digits)}{NARROW_SPACE}%"


def day(moment: dt.datetime | dt.date | None) -> str:
    """Write a date: ``21 Nov 2026``."""
    return "" if moment is None else date_format(_local(moment), "j M Y")


def clock(moment: dt.datetime | None) -> str:
    """Write a moment with its zone: ``21 Nov 2026, 20:55 UTC``."""
    return "" if moment is None else date_format(_local(moment), "j M Y, H:i T")


def duration(seconds: float | dt.timedelta | None) -> str:
    """Write a length of time in its two largest units: ``4 min 12 s``."""
    if seconds is None:
        return ""
    exact = seconds.total_seconds() if isinstance(seconds, dt.timedelta) else float(seconds)
    if exact < 10:  # noqa: PLR2004 (a wait this short is read in tenths)
        return f"{exact:.1f} s"
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left = round(exact)
    parts = []
    for name, size in units:
        whole, left = divmod(left, size)
        parts.append((whole, name))
    first = next(index for index, (whole, _) in enumerate(parts) if whole)
    return " ".join(f"{whole} {name}" for whole, name in parts[first : first + 2] if whole)


def _local(moment: dt.datetime | dt.date) -> dt.datetime | dt.date:
    return timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment
