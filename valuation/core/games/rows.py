"""What the rows of a run hold, for those who look at rows themselves."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class PooledRows:
    """Pooled rows in their canonical order, the buyer's validation rows, and rows that the buyer has already.

    Attributes:
        X: Features, ``(n, f)``, or images, ``(n, h, w, c)``.
        y: Class codes or numbers, ``(n,)``.
        X_valid: Those of the validation rows, of the same shape.
        y_valid: Their targets, ``(m,)``.
        X_base: Those of the buyer's own rows, which belong to every coalition; None where there are none.
        y_base: Their targets, ``(b,)``.
    """

    X: npt.NDArray[Any]
    y: npt.NDArray[Any]
    X_valid: npt.NDArray[Any]
    y_valid: npt.NDArray[Any]
    X_base: npt.NDArray[Any] | None = None
    y_base: npt.NDArray[Any] | None = None
