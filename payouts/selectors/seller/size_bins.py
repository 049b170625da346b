"""Bins of coalition sizes that people can take in: a run's own are too many."""

from collections.abc import Sequence
from itertools import pairwise

from marketplace.basics.figures import count

# Each bin ends at least this many times as far from 0 as the one before.
_STEP = 2.2


def coarse_parts(edges: Sequence[int], parts: Sequence[float]) -> list[tuple[str, float]]:
    """Sums over coarse bins, each under the name of its sizes: ``1 row``, ``2 to 4 rows``.

    Args:
        edges: A run's own edges, from 0 to all rows: bin ``b`` holds the sizes ``edges[b] + 1`` to ``edges[b + 1]``.
        parts: One number a bin.
    """
    return [(_name(edges[low] + 1, edges[high]), sum(parts[low:high])) for low, high in pairwise(_places(edges))]


def _places(edges: Sequence[int]) -> list[int]:
    """The places among the edges at which coarse bins end."""
    kept = [0]
    for place, edge in enumerate(edges[1:-1], start=1):
        if edge >= _STEP * edges[kept[-1]] and edges[-1] >= _STEP * edge / 2:
            kept.append(place)
    return [*kept, len(edges) - 1]


def _name(first: int, last: int) -> str:
    if first < last:
        return f"{count(first)} to {count(last)} rows"
    return "1 row" if last == 1 else f"{count(last)} rows"
