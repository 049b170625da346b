"""Bank accounts by IBAN: read what a person typed, or say in one sentence how to mend it."""

import re
from dataclasses import dataclass

from schwifty import IBAN
from schwifty.exceptions import (
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    InvalidStructure,
    SchwiftyException,
)

_SPACES = re.compile(r"[\s\u200b\u2060\ufeff-]+")
# Of an account number as pages and e-mails show it: enough to tell two apart, too little to use.
_HEAD, _TAIL = 4, 4


class IbanError(ValueError):
    """What was typed is no IBAN; the sentence says why and what to look for."""


@dataclass(frozen=True)
class BankAccount:
    """An account that can exist: whether it does, only its bank knows.

    Attributes:
        iban: Without spaces, in capitals (ISO 13616).
        country: ISO 3166 alpha-2 code of the bank's country.
        bank_name: As in the national register of banks; empty where the register does not list the bank.
        bic: Of the bank (ISO 9362), from the same register; empty where it is not known.
    """

    iban: str
    country: str
    bank_name: str
    bic: str


def read_iban(text: str) -> BankAccount:
    """Read an IBAN: letters and digits, country, length, structure and the check digits of ISO 7064 (mod 97-10).

    Args:
        text: As typed or pasted; spaces and hyphens do not matter, nor do small letters.

    Returns:
        The account with its normalised IBAN.

    Raises:
        IbanError: The text is no IBAN.
    """
    compact = _SPACES.sub("", text).upper()
    if strange := re.search(r"[^A-Z0-9]", compact):
        raise IbanError(f"An IBAN holds only letters and digits; this one holds “{strange[0]}”.")
    if not re.match(r"[A-Z]{2}[0-9]{2}", compact):
        raise IbanError(
            "An IBAN begins with a country's two letters and two digits, like DE89. Copy it whole from a statement."
        )
    try:
        iban = IBAN(compact)
    except SchwiftyException as error:
        raise IbanError(_sentence(compact, error)) from error
    bank_name, bic = iban.bank_name or "", str(iban.bic or "")
    return BankAccount(iban=iban.compact, country=iban.country_code, bank_name=bank_name, bic=bic)


def masked(iban: str) -> str:
    """Show only the ends of a normalised IBAN: ``DE89 … 3000``."""
    return f"{iban[:_HEAD]} … {iban[-_TAIL:]}"


def _sentence(compact: str, error: SchwiftyException) -> str:
    country = compact[:2]
    if isinstance(error, InvalidCountryCode):
        return f"No country with IBANs has the letters {country}. Compare them with a statement."
    if isinstance(error, InvalidLength):
        expected = IBAN(compact, allow_invalid=True).spec.iban_length
        return (
            f"An IBAN that begins with {country} has {expected} characters; this one has {len(compact)}. "
            f"Look for a {'missing' if len(compact) < expected else 'doubled'} character."
        )
    if isinstance(error, InvalidStructure):
        return f"In an IBAN that begins with {country} a letter stands where a digit should, or a digit for a letter."
    if isinstance(error, InvalidChecksumDigits):
        return "The check digits do not match: a character is mistyped, or two are swapped. Compare with a statement."
    return "This is no IBAN. Copy it whole from a statement."
