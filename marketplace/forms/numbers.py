"""Fields for typed numbers: what is a thousand to one reader and a thousandth to another is asked, never guessed."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from marketplace.basics import money

# One point or comma before exactly three digits, behind one to three others that do not begin with 0.
_IN_TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def unmistakable(number: str) -> str:
    """Write a decimal so that its point cannot be taken for one that groups thousands: ``1.1250``."""
    return f"{number}0" if _IN_TWO_WAYS.fullmatch(number) else number


def read_amount(text: str, currency: str) -> int:
    """Read an amount a person typed, above 0 and of a size that can be meant."""
    try:
        amount_minor = money.parse(text, currency)
    except money.MoneyError as error:
        raise ValidationError(str(error)) from error
    if not 0 < amount_minor <= money.AMOUNT_MAX_MINOR:
        raise ValidationError(
            f"The amount must be above 0 and at most {money.format_amount(money.AMOUNT_MAX_MINOR, currency)}."
        )
    return amount_minor


class _TypedNumber(forms.IntegerField):
    # A browser's own number field may drop or exchange marks before anybody sees them.
    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        typed = str(value).strip()
        # A field of fewer than three decimals refuses three of them in its own words.
        if getattr(self, "decimal_places", None) is None and _IN_TWO_WAYS.fullmatch(typed):
            thousands = re.sub("[.,]", "", typed)
            decimal = unmistakable(f"{Decimal(typed.replace(',', '.')).normalize():f}")
            raise ValidationError(
                f"“{typed}” can be read in two ways. Write {thousands}, or {decimal}.", code="read_in_two_ways"
            )
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        # What is shown first must be accepted when it comes back; what somebody typed is shown as it was.
        return value if value is None or isinstance(value, str) else unmistakable(str(value))


class WholeNumberField(_TypedNumber):
    """A count."""


class NumberField(_TypedNumber, forms.FloatField):
    """A finite number."""


class DecimalField(_TypedNumber, forms.DecimalField):
    """A number whose decimals are kept as they were typed."""
