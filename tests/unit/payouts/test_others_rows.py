"""What a seller is told of others' rows: never of one owner, nor of nearly one."""

import pytest

from payouts.selectors.seller.others_rows import enough_others, kinds_shown
from valuation.selectors.row_kinds import ColumnKinds, KindMean

READER = 1


def mean(rows, kind="high"):
    return KindMean(kind, rows, 0.1, 0.01, 0.05, 0.01)


def told(held, owners):
    """Whether a kind is shown of which each seller holds so many rows; None holds too few to have a mean."""
    column = ColumnKinds(
        "income",
        tuple(() if rows is None else (mean(rows),) for rows in held),
        (mean(sum(rows or 0 for rows in held)),),
    )
    return bool(kinds_shown(column, owners, READER))


@pytest.mark.parametrize(
    ("held", "owners", "is_told"),
    [
        ((50, 40, 40, 40), (1, 2, 3, 4), True),
        ((50, 40, 40), (1, 2, 3), False),  # two others: each could work out the other's
        ((50, 40, 40, 40), (1, 2, 3, 3), False),  # accounts of one owner count as one
        ((50, 40, 40, 40), (1, 1, 2, 3), False),  # the reader's own accounts are no others
        ((50, 40, 40, None), (1, 2, 3, 4), False),  # who has too few rows of the kind holds none
        ((0, 320, 40, 40), (1, 2, 3, 4), True),  # exactly 80 % of others' rows
        ((0, 321, 40, 40), (1, 2, 3, 4), False),  # nearly all are one owner's
        ((900, 320, 40, 40), (1, 2, 3, 4), True),  # the reader's own rows hide nobody
        ((900, 321, 40, 40), (1, 2, 3, 4), False),
        ((50, 40, 40, 40), (1, None, 2, 3), True),  # an owner that is not known is one owner
    ],
)
def test_a_kind_is_shown_where_it_tells_of_no_single_other_owner(held, owners, is_told):
    assert told(held, owners) is is_told


@pytest.mark.parametrize(
    ("owners", "are_enough"),
    [((1, 2, 3, 4), True), ((1, 2, 3), False), ((1, 1, 2, 2, 3), False), ((2, 3, 4), True), ((1,), False)],
)
def test_scores_of_everybodys_model_need_three_other_owners(owners, are_enough):
    assert enough_others(owners, READER) is are_enough
