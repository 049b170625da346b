"""How a file is read: what the bytes do not say by themselves, and the seller may correct."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.ingest.schema import TableSchema

# What separates columns, in the words of a sentence ("separated by …").
DELIMITERS: Mapping[str, str] = {
    ",": "commas (,)",
    ";": "semicolons (;)",
    "\t": "tabs",
    "|": "vertical bars (|)",
}
ENCODINGS: Mapping[str, str] = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (Western European)",
    "iso-8859-1": "Latin-1 (ISO 8859-1)",
    "cp1250": "Windows-1250 (Central European)",
    "utf-16": "UTF-16",
}
DECIMALS: Mapping[str, str] = {".": "a point (12.5)", ",": "a comma (12,5)"}


class ReadingError(ValueError):
    """The options cannot be followed; the message says which."""


@dataclass(frozen=True)
class Reading:
    """The options of one reading.

    Attributes:
        delimiter: What separates the cells of a CSV row.
        encoding: How a CSV file's bytes are text; a byte order mark is skipped.
        header: Whether the first CSV row holds names.
        decimal: The decimal mark of a CSV file's numbers; empty where nobody said so: then it is a point, unless every
            number with a point could be meant a thousand times as large.
        doubtful: A number of the file that could be read in two ways, while ``decimal`` is to be chosen.
        positions: For each column of the schema its position in the file, or None where the file has no such column;
            None as a whole asks for exact names, no column missing and none too many.
        labels: The file's columns that the positions count along.
        relaxed: Categories of these columns are taken whatever their case and spaces.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True
    decimal: str = ""
    positions: Mapping[str, int | None] | None = None
    labels: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()
    doubtful: str = ""

    def __post_init__(self) -> None:
        for value, known in ((self.delimiter, DELIMITERS), (self.encoding, ENCODINGS), (self.mark, DECIMALS)):
            if value not in known:
                raise ReadingError(f"{value!r} is none of {', '.join(map(repr, known))}.")
        taken = [position for position in (self.positions or {}).values() if position is not None]
        if len(set(taken)) != len(taken):
            raise ReadingError("Two columns cannot be read from one column of the file.")

    @property
    def mark(self) -> str:
        """The decimal mark that numbers are read with."""
        return self.decimal or "."

    @property
    def codec(self) -> str:
        """Python's name of the encoding that skips a byte order mark."""
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Reading":
        """Read the JSON form."""
        return cls(**{**data, "labels": tuple(data["labels"]), "relaxed": tuple(data["relaxed"])})

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data = asdict(self)
        return {**data, "labels": list(self.labels), "relaxed": sorted(self.relaxed)}

    @property
    def sha256(self) -> str:
        """A name for this reading: other options may give other rows from the same bytes."""
        options = self.to_json() | {"decimal": self.mark}
        del options["doubtful"]  # it says why somebody was asked, and changes no row
        return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()


def folded_name(name: str) -> str:
    """A column's name without what exports change in it: case, spaces, underscores, hyphens, points."""
    return re.sub(r"[\s_.\-]+", "", name.casefold())


def folded_category(category: str) -> str:
    """A category without its case, spaces and underscores; other signs may be all that tells two apart."""
    return re.sub(r"[\s_]+", "", category.casefold())


def match_names(labels: Sequence[str], schema: TableSchema) -> dict[str, int | None]:
    """Find each column of a schema among a file's labels: by exact name, else by the only one that folds alike."""
    exact = {name: [at for at, label in enumerate(labels) if label == name] for name in schema.names}
    taken = {found[0] for found in exact.values() if len(found) == 1}
    by_fold: dict[str, list[int]] = {}
    for at, label in enumerate(labels):
        if at not in taken:
            by_fold.setdefault(folded_name(label), []).append(at)
    matched: dict[str, int | None] = {}
    for name in schema.names:
        found = exact[name] or by_fold.get(folded_name(name), [])
        usable = len(found) == 1 and found[0] not in matched.values()
        matched[name] = found[0] if usable else None
    return matched


def folded_categories(categories: Sequence[str]) -> dict[str, str]:
    """Categories by what they fold to; those that fold alike are left out, as nobody could tell them apart."""
    by_fold: dict[str, list[str]] = {}
    for category in categories:
        by_fold.setdefault(folded_category(category), []).append(category)
    return {fold: same[0] for fold, same in by_fold.items() if len(same) == 1 and fold}
