"""Money as an integer of minor units plus an ISO 4217 currency code; text only at the edges."""

import re
from typing import Final

# ISO 4217, minor unit exponents of the currencies a round may be held in. A currency that is not listed is refused:
# a guessed exponent would be wrong by a factor of ten or a hundred.
MINOR_DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(
        ("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS"), 2
    ),
    **dict.fromkeys(
        ("INR", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD"), 2
    ),
    **dict.fromkeys(("UAH", "USD", "ZAR"), 2),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip

# What a buyer may announce a pot in; the first is proposed.
POT_CURRENCIES: Final = ("EUR", "CHF", "DKK", "GBP", "JPY", "NOK", "SEK", "USD")
# An amount above this is a slip of the finger, and leaves room below what a column of the database holds.
AMOUNT_MAX_MINOR: Final = 10**15

_PLAIN = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:[.,](?P<part>[0-9]+))?")
# Commas, points, apostrophes and the spaces of typesetters, before groups of three digits.
_GROUPED = re.compile(
    r"(?P<sign>-?)(?P<whole>[1-9][0-9]{0,2}(?P<mark>[,.'\u2019 \u00a0\u2009\u202f])[0-9]{3}(?:(?P=mark)[0-9]{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<part>[0-9]+))?"
)
_ONE_GROUP = re.compile(r"-?[1-9][0-9]{0,2}(?P<mark>[.,])[0-9]{3}")


class MoneyError(ValueError):
    """An amount or a currency that cannot be read without guessing."""


def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has.

    Args:
        currency: ISO 4217 code in capitals.

    Returns:
        The exponent of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises:
        MoneyError: The currency is not in ``MINOR_DIGITS``.
    """
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise MoneyError(f"The currency {currency!r} is not one of {', '.join(sorted(MINOR_DIGITS))}.") from None


def plain_decimal(amount_minor: int, currency: str) -> str:
    """Write an amount for machines: no grouping, ``.`` as the decimal mark, all decimals of the currency.

    Args:
        amount_minor: Signed amount in minor units.
        currency: ISO 4217 code.

    Returns:
        For example ``1842.17`` (184217, EUR), ``-0.05`` (-5, EUR), ``500`` (500, JPY).

    Raises:
        MoneyError: The currency is not known.
    """
    sign, whole, part = _pieces(amount_minor, currency)
    return f"{sign}{whole}{part}"


def grouped_decimal(amount_minor: int, currency: str) -> str:
    """Write an amount for people without naming its currency: grouped by thousands.

    Args:
        amount_minor: Signed amount in minor units.
        currency: ISO 4217 code.

    Returns:
        For example ``1,842.17`` (184217, EUR).

    Raises:
        MoneyError: The currency is not known.
    """
    sign, whole, part = _pieces(amount_minor, currency)
    return f"{sign}{whole:,}{part}"


def format_amount(amount_minor: int, currency: str) -> str:
    """Write an amount for people: grouped by thousands, the currency after it.

    Args:
        amount_minor: Signed amount in minor units.
        currency: ISO 4217 code.

    Returns:
        For example ``1,842.17 EUR``.

    Raises:
        MoneyError: The currency is not known.
    """
    return f"{grouped_decimal(amount_minor, currency)} {currency}"


def parse(text: str, currency: str) -> int:
    """Read a typed amount into minor units, exactly.

    Thousands may be grouped by a comma, a point, a space or an apostrophe, and the decimals then follow another mark:
    ``1842.17``, ``1,842.17``, ``1.842,17``, ``1 842,17``. One point before three digits (``10.000``) is ten thousand to
    one reader and ten to another, and is refused; one comma groups, as this site writes it. Where a currency has three
    decimals itself, it is the comma that is refused, and the point comes before the decimals.

    Args:
        text: What was typed; blanks and the currency's own code around it are allowed, and a typesetter's minus sign.
        currency: ISO 4217 code; decides how many decimals are allowed.

    Returns:
        The amount in minor units.

    Raises:
        MoneyError: The text is no amount, can be read in two ways, has more decimals than the currency, or the currency
            is not known.
    """
    digits = minor_digits(currency)
    bare = text.strip().removeprefix(currency).removesuffix(currency).strip().replace("\N{MINUS SIGN}", "-")
    one_group = _ONE_GROUP.fullmatch(bare)
    mark = one_group["mark"] if one_group else ""
    has_three_decimals = digits == len("000")
    if mark == ("," if has_three_decimals else "."):
        raise MoneyError(_in_two_ways(text, bare.replace(mark, ""), mark, currency))
    are_decimals = has_three_decimals and mark == "."
    match = (None if are_decimals else _GROUPED.fullmatch(bare)) or _PLAIN.fullmatch(bare)
    if match is None:
        raise MoneyError(f"{text!r} is not an amount. Write it like 10000.00, with a point before the decimals.")
    part = match["part"] or ""
    if len(part) > digits:
        raise MoneyError(f"{text!r} has {_decimals(len(part))}; {currency} has {digits}.")
    amount = int(re.sub("[^0-9]", "", match["whole"]) + part.ljust(digits, "0"))
    return -amount if match["sign"] else amount


def _in_two_ways(text: str, ungrouped: str, mark: str, currency: str) -> str:
    digits = minor_digits(currency)
    thousands = f"{ungrouped}.{'0' * digits}" if digits else ungrouped
    words = "point" if mark == "." else "comma"
    as_decimals = f"give at most {_decimals(digits)}" if mark == "." else "write a point"
    return (
        f"{text!r} has 3 decimals; {currency} has {digits}. " if mark == "." else f"{text!r} can be read in two ways. "
    ) + f"Write {thousands} if the {words} groups thousands; if it is the decimal mark, {as_decimals}."


def _decimals(number: int) -> str:
    return "1 decimal" if number == 1 else f"{number} decimals"


def _pieces(amount_minor: int, currency: str) -> tuple[str, int, str]:
    digits = minor_digits(currency)
    whole, part = divmod(abs(amount_minor), 10**digits)
    return ("-" if amount_minor < 0 else "", whole, f".{part:0{digits}d}" if digits else "")
