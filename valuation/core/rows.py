"""What the rows of a run hold, for those who look at rows themselves."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class PooledRows:
    """Pooled rows in their canonical order, and the buyer's validation rows.

    Attributes:
        X: Features, ``(n, f)``, or images, ``(n, h, w, c)``.
        y: Class codes or numbers, ``(n,)``.
        X_valid: Those of the validation rows, of the same shape.
        y_valid: Their targets, ``(m,)``.
    """

    X: npt.NDArray[Any]
    y: npt.NDArray[Any]
    X_valid: npt.NDArray[Any]
    y_valid: npt.NDArray[Any]
