"""The small files that sellers upload in the journeys: rows of Adult's training part, each seller's own."""

import numpy as np

from marketplace.demo import adult
from marketplace.demo.profiles import TABLE_4, Seller

ROWS = 90


def sellers() -> tuple[Seller, ...]:
    """The demo's five sellers, with a few rows instead of two thousand."""
    table = adult.training_part()
    return tuple(
        Seller(profile, np.arange(start, start + ROWS), table.slice(start, ROWS))
        for start, profile in zip(range(0, ROWS * len(TABLE_4), ROWS), TABLE_4, strict=True)
    )


def csv_of(place: int) -> bytes:
    """The file of the seller at this place of the cast."""
    return adult.seller_csv(sellers()[place])
