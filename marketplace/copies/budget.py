"""What a comparison may cost, by rows and columns alone: the same files are always compared in the same way."""

# Cells that searches for nearest rows may read if every row has to be held against every other, which it comes to where
# rows crowd together: 6e-10 s of one core each, and more in large files, which leave the processor's cache.
CELLS_MAX, CELLS_MAX_WITHOUT_COLUMNS = 5e10, 1e11
# What a search costs of itself, in rows.
ROWS_EACH = 1_000


def is_near_searched(*, rows: int, columns: int) -> bool:
    """Whether nearest rows are looked for among so many rows of two or more files."""
    return _crowded(rows, columns) <= CELLS_MAX


def is_near_searched_without_columns(*, rows: int, columns: int) -> bool:
    """Whether they are looked for again with each column left out in turn."""
    return columns * _crowded(rows, columns) <= CELLS_MAX_WITHOUT_COLUMNS


def cells_read(*, rows: int, columns: int) -> int:
    """How many cells a comparison reads, where rows do not crowd together: a measure of how long it takes."""
    searches = 1 + columns if is_near_searched_without_columns(rows=rows, columns=columns) else 2
    return searches * rows * columns


def _crowded(rows: int, columns: int) -> int:
    return (rows + ROWS_EACH) ** 2 * columns
