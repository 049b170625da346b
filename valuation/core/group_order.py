"""One order of groups whoever is listed first: draws and sums follow it, so that another list moves no bit."""

from collections.abc import Sequence

import numpy as np

from valuation.core.games import IndexVector


def in_canonical_order(groups: Sequence[IndexVector]) -> tuple[list[IndexVector], IndexVector]:
    """Groups by their smallest row, groups of nobody last; rows of each ascending.

    Args:
        groups: Row indices of each group, disjoint.

    Returns:
        The groups in canonical order, and the place of each given group among them, int ``(n_groups,)``: what is known
        of the ordered groups, indexed by the places, is in the order given.
    """
    sorted_rows = [np.sort(group) for group in groups]
    nobody = max((int(rows[-1]) for rows in sorted_rows if rows.size), default=-1) + 1
    order = np.argsort([int(rows[0]) if rows.size else nobody for rows in sorted_rows], kind="stable")
    return [sorted_rows[given] for given in order], np.argsort(order, kind="stable")
