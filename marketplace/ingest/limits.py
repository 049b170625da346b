"""How much a file may hold before it is refused unread."""

from dataclasses import dataclass

MEGABYTE = 1 << 20  # as Django and file managers count


@dataclass(frozen=True)
class Limits:
    """Upper bounds of an upload; they bound time and memory whatever the bytes say.

    Attributes:
        size_bytes: Bytes of the file as uploaded.
        decoded_bytes: Bytes of a compressed file (Parquet) once decoded, as its own footer states them.
        rows: Data rows.
        columns: Columns.
        cell_chars: Characters of one cell.
        record_chars: Characters of one row with its separators.
        label_chars: Characters of a column name.
        filename_chars: Characters of the file name.
    """

    size_bytes: int = 50 * MEGABYTE
    decoded_bytes: int = 400 * MEGABYTE
    rows: int = 1_000_000
    columns: int = 1_000
    cell_chars: int = 1_000
    record_chars: int = 1_000_000
    label_chars: int = 120
    filename_chars: int = 200
