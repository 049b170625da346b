"""What a drawing of intervals says, as the sentence above it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]


def amounts_finding(rows: Sequence[Row]) -> str:
    """Who earns most, and whether the intervals leave that open."""
    paid = [row for row in rows if row["value"] > 0]
    if not paid:
        return "Nobody earns anything"
    if len(paid) == 1:
        return f"{paid[0]['label']} alone earns something"
    most = max(row["value"] for row in paid)
    equals = [row["label"] for row in paid if row["value"] == most]
    if len(equals) > 1:
        return f"{', '.join(equals[:-1])} and {equals[-1]} earn the same, and most"
    return _order(paid, "earns")


def values_finding(rows: Sequence[Row]) -> str:
    """Who adds most so far."""
    if not any(row["value"] > 0 for row in rows):
        return "Values so far: nobody adds anything"
    if len(rows) == 1:
        return "Values so far: there is one seller"
    return f"Values so far: {_order(rows, 'adds')}"


def added_finding(rows: Sequence[Row]) -> str:
    """Who adds most to the buyer's score, and whether the intervals leave that open."""
    if not any(row["value"] > 0 for row in rows):
        return "Nobody adds anything"
    return f"{rows[0]['label']} is alone" if len(rows) == 1 else _order(rows, "adds")


def _order(rows: Sequence[Row], verb: str) -> str:
    first, *others = sorted(rows, key=lambda row: -row["value"])
    rivals = [row for row in others if row["high"] >= first["low"]]
    if len(rivals) == 1:
        return f"{first['label']} {verb} most, but its interval overlaps that of {rivals[0]['label']}"
    if rivals:
        return f"{first['label']} {verb} most, but its interval overlaps those of {len(rivals)} others"
    sentence = f"{first['label']} {verb} most"
    if len(others) == 1:
        return f"{sentence}; the two intervals lie apart"
    if others[1]["high"] >= others[0]["low"]:
        return f"{sentence}; the intervals of the next two overlap"
    if all(lesser["high"] < greater["low"] for greater, lesser in pairwise(others)):
        return f"{sentence}; no two intervals overlap"
    return f"{sentence}; its interval lies apart from all others"
