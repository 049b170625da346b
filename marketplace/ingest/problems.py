"""What is wrong with an uploaded file, told so that the seller can mend it.

Codes are those of the Frictionless framework where it has one. Where it lumps kinds together under
``constraint-error``, the constraint is named: ``required-constraint``, ``range-constraint``, ``enum-constraint``,
``length-constraint``.
"""

from collections import Counter
from dataclasses import dataclass, field

# Every code there is, in the words of a count ("3 rows with too many cells").
KINDS = {
    "source-error": "empty file",
    "format-error": "unreadable format",
    "encoding-error": "wrong encoding",
    "dialect-error": "wrong separators or quotes",
    "byte-count": "size",
    "row-count": "number of rows",
    "field-count": "number of columns",
    "blank-header": "no header",
    "blank-label": "columns without a name",
    "duplicate-label": "repeated columns",
    "missing-label": "missing columns",
    "extra-label": "columns not asked for",
    "blank-row": "empty rows",
    "extra-cell": "rows with too many cells",
    "missing-cell": "rows with too few cells",
    "type-error": "values of the wrong type",
    "required-constraint": "empty cells that must be filled",
    "range-constraint": "numbers out of range",
    "enum-constraint": "unknown categories",
    "length-constraint": "names or values too long",
    "constraint-error": "values that cannot be used together",
}
SHOWN_MAX = 100
SHOWN_PER_KIND = 20
VALUE_CHARS_MAX = 60


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Attributes:
        code: Stable kind, such as ``type-error``.
        message: What is wrong and what was expected, in one sentence.
        remedy: How to mend it, in one sentence.
        row: Row as a spreadsheet shows it (the header is row 1), or None when the whole file or column is meant.
        column: Name of the column, or None.
        value: The offending text, shortened and printable, or None.
    """

    code: str
    message: str
    remedy: str
    row: int | None = None
    column: str | None = None
    value: str | None = None


@dataclass
class ProblemLog:
    """Counts every problem and keeps the first few of each kind and column, so a million faults still fit a page."""

    shown: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _kept: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.counts)

    def wants(self, code: str, column: str | None = None) -> bool:
        """Say whether one more problem of this kind would be shown, or only counted."""
        return len(self.shown) < SHOWN_MAX and self._kept[code, column] < SHOWN_PER_KIND

    def add(self, problem: Problem) -> None:
        """Count a problem and keep it if there is room."""
        if self.wants(problem.code, problem.column):
            self._kept[problem.code, problem.column] += 1
            self.shown.append(problem)
        self.counts[problem.code] += 1

    def count(self, code: str, times: int) -> None:
        """Count problems that are not shown."""
        if times:
            self.counts[code] += times

    def in_reading_order(self) -> tuple[Problem, ...]:
        """Problems of the whole file first, then by row; the order of finding within a row."""
        return tuple(sorted(self.shown, key=lambda problem: problem.row or 0))


def shorten(value: object) -> str:
    """Make a value safe and short enough to show: control characters are escaped, long text is cut."""
    text = str(value)
    cut = text[:VALUE_CHARS_MAX]
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)
    return shown + "…" if len(text) > VALUE_CHARS_MAX else shown


def listed(names: list[str] | tuple[str, ...], most: int = 12) -> str:
    """Write names as one phrase, cut after ``most``."""
    phrase = ", ".join(shorten(name) for name in names[:most])
    left_out = len(names) - most
    return f"{phrase} and {left_out} more" if left_out > 0 else phrase
