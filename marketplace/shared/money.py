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

_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>\d+)(?:\.(?P<part>\d+))?", re.ASCII)


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
    """Read a plain decimal into minor units, exactly.

    Args:
        text: A plain decimal such as ``1842.17``; blanks around it and thousands commas (``1,842.17``) are allowed.
        currency: ISO 4217 code; decides how many decimals are allowed.

    Returns:
        The amount in minor units.

    Raises:
        MoneyError: The text is not a plain decimal, its commas do not group thousands, it has more decimals than the
            currency, or the currency is not known.
    """
    digits = minor_digits(currency)
    bare = text.strip()
    whole_text = bare.partition(".")[0]
    if "," in whole_text and re.fullmatch(r"-?\d{1,3}(,\d{3})+", whole_text, re.ASCII):
        bare = bare.replace(",", "")
    match = _DECIMAL.fullmatch(bare)
    if match is None:
        raise MoneyError(f"{text!r} is not an amount. Write it like 10000.00, with a point before the decimals.")
    part = match["part"] or ""
    if len(part) > digits:
        decimals = "1 decimal" if len(part) == 1 else f"{len(part)} decimals"
        raise MoneyError(f"{text!r} has {decimals}; {currency} has {digits}.")
    amount = int(match["whole"] + part.ljust(digits, "0"))
    return -amount if match["sign"] else amount


def _pieces(amount_minor: int, currency: str) -> tuple[str, int, str]:
    digits = minor_digits(currency)
    whole, part = divmod(abs(amount_minor), 10**digits)
    return ("-" if amount_minor < 0 else "", whole, f".{part:0{digits}d}" if digits else "")
