"""Which column of a file is which column of the schema."""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence

from marketplace.ingest.limits import Limits
from marketplace.ingest.problems import VALUE_CHARS_MAX, Problem, ProblemLog, listed, shorten
from marketplace.ingest.schema import TableSchema

TEMPLATE_HINT = "The request's template file holds the right header."


def nearest(text: str, names: Sequence[str]) -> str | None:
    """Return the name most like the text, whatever its case, or None when none is near."""
    by_folded = {name.casefold(): name for name in reversed(names)}
    found = difflib.get_close_matches(text[:VALUE_CHARS_MAX].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def match_labels(labels: Sequence[str], schema: TableSchema, limits: Limits, log: ProblemLog) -> dict[str, int]:
    """Match labels to columns by exact name, in any order, and log what is missing, extra, twice or blank.

    Returns:
        Position in the file of each column that is there exactly once.
    """
    if len(labels) > limits.columns:
        log.add(
            Problem(
                "field-count",
                f"The file has {len(labels):,} columns; {len(schema.columns):,} are expected.",
                f"Keep only the columns of the request: {listed(schema.names)}.",
                row=1,
            )
        )
        return {}
    times = Counter(labels)
    missing = [name for name in schema.names if name not in times]
    extra = [label for label in times if label and label not in schema.names]
    for position, label in enumerate(labels, 1):
        if not label:
            log.add(_blank_label(position))
    for label in times:
        if len(label) > limits.label_chars:
            log.add(_long_label(label, limits))
        elif times[label] > 1 and label:
            log.add(_duplicate_label(label, times[label]))
    for name in missing:
        log.add(_missing_label(name, extra))
    for label in extra:
        if len(label) <= limits.label_chars:
            log.add(_extra_label(label, missing, schema))
    return {label: position for position, label in enumerate(labels) if times[label] == 1 and label in schema.names}


def numbered_labels(count: int) -> list[str]:
    """Names for the columns of a file without a header row."""
    return [f"Column {position}" for position in range(1, count + 1)]


def take_positions(
    positions: Mapping[str, int | None], labels: Sequence[str], schema: TableSchema, limits: Limits, log: ProblemLog
) -> dict[str, int]:
    """Take the columns that a seller has matched, and log those that must be there and are not.

    Returns:
        Position in the file of each column that is there.
    """
    if len(labels) > limits.columns:
        log.add(_too_many_columns(labels, schema, limits))
        return {}
    taken: dict[str, int] = {}
    for column in schema.columns:
        position = positions.get(column.name)
        if position is not None and 0 <= position < len(labels):
            taken[column.name] = position
        elif column.required:
            log.add(_unmatched(column.name))
    if not taken and not log:
        log.add(_unmatched(schema.names[0]))
    return taken


def _too_many_columns(labels: Sequence[str], schema: TableSchema, limits: Limits) -> Problem:
    return Problem(
        "field-count",
        f"The file has {len(labels):,} columns; at most {limits.columns:,} are accepted.",
        f"Keep only the columns of the request: {listed(schema.names)}.",
        row=1,
    )


def _unmatched(name: str) -> Problem:
    return Problem(
        "missing-label",
        f"No column of the file is matched to “{name}”, which must be there.",
        f"Match a column to “{name}” in step 3, or add one to the file. {TEMPLATE_HINT}",
        column=name,
    )


def _blank_label(position: int) -> Problem:
    return Problem(
        "blank-label",
        f"Column {position} has no name.",
        "Name the column, or remove it; a separator at the end of each row makes such a column.",
        row=1,
    )


def _long_label(label: str, limits: Limits) -> Problem:
    return Problem(
        "length-constraint",
        f"A column name has {len(label):,} characters; at most {limits.label_chars} are accepted.",
        TEMPLATE_HINT,
        row=1,
        column=shorten(label),
        value=shorten(label),
    )


def _duplicate_label(label: str, times: int) -> Problem:
    return Problem(
        "duplicate-label",
        f"The column “{shorten(label)}” is there {times} times.",
        "Keep the one that is meant and remove the others.",
        row=1,
        column=shorten(label),
        value=shorten(label),
    )


def _missing_label(name: str, extra: Sequence[str]) -> Problem:
    near = nearest(name, extra)
    remedy = f"Rename “{shorten(near)}” to “{name}”." if near else f"Add a column named “{name}”. {TEMPLATE_HINT}"
    return Problem("missing-label", f"The column “{name}” is missing.", remedy, row=1, column=name)


def _extra_label(label: str, missing: Sequence[str], schema: TableSchema) -> Problem:
    near = nearest(label, missing)
    if near:
        remedy = f"Rename it to “{near}”, if that is what it holds."
    else:
        remedy = f"Remove it; the columns asked for are: {listed(schema.names)}."
    return Problem(
        "extra-label",
        f"The column “{shorten(label)}” is not asked for.",
        remedy,
        row=1,
        column=shorten(label),
        value=shorten(label),
    )
