"""What the marks inside a file's numbers say: which one comes before the decimals, and where none tells.

Where every number has exactly three digits after its one mark, a thousand times as much can be meant; that is asked.
"""

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from marketplace.ingest.problems import Problem, shorten

# What is read as a number, by the mark before its decimals. For Python's re and for Arrow's RE2 alike, as all patterns
# here.
NUMBERS = {
    ".": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$",
    ",": r"^[+-]?([0-9]+(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]+)?$",
}
# Spaces that typesetters and spreadsheets put between thousands; nobody types them anywhere else inside a number.
_SPACES = "\u00a0\u2009\u202f"
_GROUPED_BY_SPACES = rf"^[+-]?[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})+([.,][0-9]*)?$"
_ONE_GROUP = {",": r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$", ".": r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"}
_ONE_MARK = {",": r"^[+-]?[0-9]*,[0-9]+([eE].*)?$", ".": r"^[+-]?[0-9]*\.[0-9]+([eE].*)?$"}
# The other mark groups thousands, so this one comes before the decimals.
_BOTH_MARKS = {
    ",": r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+$|^[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}$",
    ".": r"^[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+$|^[+-]?[0-9]{1,3}(,[0-9]{3}){2,}$",
}


class PointsSeen:
    """What the points of one file's numbers say, a batch of cells at a time.

    Attributes:
        doubtful: A number that may be a thousand times as much; empty while there is none.
    """

    def __init__(self) -> None:
        self.doubtful, self._is_settled = "", False

    def see(self, cells: pa.Array) -> None:
        """Look at text cells of a column of numbers."""
        if self._is_settled:
            return
        marked = cells.filter(pc.match_substring(cells, "."))
        groups = pc.match_substring_regex(marked, _ONE_GROUP["."])
        if len(marked) and not pc.all(groups).as_py():
            self.doubtful, self._is_settled = "", True
        elif len(marked) and not self.doubtful:
            self.doubtful = marked[0].as_py()


def one_group(number: str) -> bool:
    """Whether a number has three digits after its one mark, so that it could be read in two ways."""
    return any(re.search(pattern, number) for pattern in _ONE_GROUP.values())


def ungrouped(text: str) -> str:
    """Drop the typesetter's spaces between thousands; anything but such a number stays as it is."""
    return re.sub(f"[{_SPACES}]", "", text) if re.search(_GROUPED_BY_SPACES, text) else text


def ungrouped_cells(cells: pa.Array) -> pa.Array:
    """Drop the typesetter's spaces between thousands from a whole column."""
    grouped = pc.fill_null(pc.match_substring_regex(cells, _GROUPED_BY_SPACES), fill_value=False)
    if not pc.any(grouped).as_py():
        return cells
    return pc.if_else(grouped, pc.replace_substring_regex(cells, f"[{_SPACES}]", ""), cells)


def decimal_mark(cells: Iterable[str], *, possible: str = ".,") -> tuple[str, str]:
    """The decimal mark that a file's numbers prove, or else a number that could be read in two ways.

    Args:
        cells: Cells of all columns; what is no number says nothing.
        possible: The marks that may come before decimals; not a comma that separates the columns.

    Returns:
        The mark and an empty text, or an empty mark and a doubtful number, empty too where no number has a mark.
    """
    numbers = [ungrouped(cell.strip()) for cell in cells]
    proofs = {mark: sum(_proves(number, mark) for number in numbers) for mark in possible}
    if any(proofs.values()):
        return max(possible, key=lambda mark: proofs[mark]), ""
    doubtful = (number for number in numbers if any(mark in number for mark in possible) and one_group(number))
    return "", next(doubtful, "")


def two_readings(number: str) -> str:
    """Say how a doubtful number can be read."""
    return (
        f"“{shorten(number)}” may be {_thousands(number)} or {number.replace(',', '.')}: every number with a mark has "
        "exactly three digits after it."
    )


def doubt(number: str) -> Problem:
    """Refuse a file until somebody says what its marks are."""
    remedy = (
        "Choose the decimal mark where the upload asks how the file is read; or write thousands without a mark "
        f"({_thousands(number)}), and decimals with a point and a fourth digit ({number.replace(',', '.')}0)."
    )
    return Problem("dialect-error", two_readings(number), remedy)


def _thousands(number: str) -> str:
    return re.sub("[.,]", "", number)


def _proves(number: str, mark: str) -> bool:
    if re.search(_ONE_MARK[mark], number):
        return not re.search(_ONE_GROUP[mark], number)
    return bool(re.search(_BOTH_MARKS[mark], number))
