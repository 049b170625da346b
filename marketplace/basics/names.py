"""Names that people are known by: one line, and nothing in it that nobody can see.

What nobody sees must not tell two names apart: an organisation could pass for another where money is sent.
"""

import unicodedata

from django.core.exceptions import ValidationError

# Letters and symbols to Unicode, and blank wherever they are drawn: fillers of Hangul and the empty Braille pattern.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Marks are drawn on something else, and separators, controls, formats, surrogates and unassigned signs not at all.
DRAWN = ("L", "N", "P", "S")


def visible(text: str) -> str:
    """The text as one line without what is not drawn; empty where only marks are left."""
    spaced = (" " if sign in BLANK or sign.isspace() else sign for sign in text)
    line = " ".join("".join(sign for sign in spaced if unicodedata.category(sign) not in {"Cc", "Cf"}).split())
    return line if any(unicodedata.category(sign).startswith(DRAWN) for sign in line) else ""


def require_visible(text: str) -> None:
    """Validate what was typed: something of it can be seen.

    Raises:
        ValidationError: All of it is invisible.
    """
    if text and not visible(text):
        raise ValidationError("Nothing of it can be seen. Write it in letters, digits or signs.", code="invisible")
