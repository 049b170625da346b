"""What neighbours say of rows: KNN-Shapley values of all rows, the validation rows weighted as a run's settings say."""

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.games.knn_shapley import knn_shapley


def shared_codes(y: npt.NDArray[Any], y_valid: npt.NDArray[Any]) -> tuple[IndexVector, IndexVector]:
    """Class codes common to rows and validation rows, int ``(n,)`` and ``(m,)``."""
    # An array of no label has a type of its own, which must not turn numbers into texts.
    codes = np.unique(np.concatenate([y, y_valid]) if len(y_valid) else y, return_inverse=True)[1]
    return codes[: len(y)], codes[len(y) :]


def neighbor_values(
    z: FloatMatrix,
    codes: IndexVector,
    z_valid: FloatMatrix,
    codes_valid: IndexVector,
    *,
    order: IndexVector,
    config: HcdvConfig,
) -> FloatVector:
    """KNN-Shapley values of all rows; no evaluation of the buyer's model.

    Args:
        z: Embeddings of the rows, float64 ``(n, d)``.
        codes: Their classes, int ``(n,)``.
        z_valid: Embeddings of the validation rows, float64 ``(m, d)``.
        codes_valid: Their classes, int ``(m,)``.
        order: Order of the rows in which those equally near are taken, int ``(n,)``.
        config: Number of neighbours, and whether validation rows of every class count alike.

    Returns:
        float64 ``(n,)``. O(m n log n) time.

    Raises:
        InvalidDataError: There is no validation row.
    """
    if not len(codes_valid):
        raise InvalidDataError(
            "Neighbours are asked about validation rows and their labels: give them, or, where leaves ask, choose "
            "smaller leaves or divide large ones uniformly."
        )
    values, classes = np.zeros(len(z)), np.unique(codes_valid)
    for code in classes:
        alike = codes_valid == code
        share = 1 / len(classes) if config.balanced_classes else alike.mean()
        values[order] += share * knn_shapley(
            z[order], codes[order], z_valid[alike], codes_valid[alike], config.n_neighbors
        )
    return values
