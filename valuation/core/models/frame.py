"""Features turned so that the grand coalition's Hessian is diagonal: every coalition's Hessian is then nearly so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-11  # of the largest entry: a direction in which no training row moves is dropped, its coefficient is 0


@dataclass(frozen=True)
class EigenFrame:
    """Rotated, centred features with an intercept column last.

    The rotation leaves ``|w|^2`` as it is and the centring only moves the unpenalised intercept, so that L2-regularised
    linear models have the same solution in both coordinates.

    Attributes:
        rows: Training rows, float64 ``(n, p)``; the last column is 1.
        curvature: Weighted sum of squares of each column, float64 ``(p,)``.
        penalty: Weight of each squared coefficient, float64 ``(p,)``: 1, and 0 for the intercept.
        mean: Subtracted from features, float64 ``(d,)``.
        directions: Orthonormal columns, float64 ``(d, p - 1)``.
    """

    rows: FloatArray
    curvature: FloatArray
    penalty: FloatArray
    mean: FloatArray
    directions: FloatArray

    @classmethod
    def of(cls, X: FloatArray, weights: FloatArray) -> "EigenFrame":
        """Diagonalise ``sum_i weights_i (x_i - m)(x_i - m)'``, m being the weighted mean.

        Args:
            X: Training features, float64 ``(n, d)``, n >= 1.
            weights: Weight of each row, float64 ``(n,)``, positive.

        Returns:
            The frame of at most ``min(n, d) + 1`` columns.
        """
        mean = weights @ X / weights.sum()
        centred = X - mean
        weighted = centred * np.sqrt(weights)[:, None]
        if X.shape[0] < X.shape[1]:
            directions = np.linalg.svd(weighted, full_matrices=False)[2].T
        else:
            directions = np.linalg.eigh(weighted.T @ weighted)[1]
        rotated = centred @ directions
        moving = np.abs(rotated).max(axis=0, initial=0.0) > NEGLIGIBLE * np.abs(centred).max(initial=0.0)
        # Row-major, whatever order indexing left: gathering rows and masked products depend on it for their speed.
        rows = np.ascontiguousarray(np.column_stack([rotated[:, moving], np.ones(len(X))]))
        penalty = np.ones(rows.shape[1])
        penalty[-1] = 0.0
        return cls(rows, weights @ rows**2, penalty, mean, directions[:, moving])

    def turn(self, X: FloatArray) -> FloatArray:
        """Bring other rows, float64 ``(m, d)``, into the frame, float64 ``(m, p)``."""
        return np.ascontiguousarray(np.column_stack([(X - self.mean) @ self.directions, np.ones(len(X))]))

    def move(self, coefficients: FloatArray, other: "EigenFrame") -> FloatArray:
        """Express coefficients of this frame, float64 ``(..., p)``, in another frame of the same rows."""
        plain = coefficients[..., :-1] @ self.directions.T
        intercept = coefficients[..., -1] + plain @ (other.mean - self.mean)
        return np.concatenate([plain @ other.directions, intercept[..., None]], axis=-1)
