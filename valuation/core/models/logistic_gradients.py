"""Gradients of regularised logistic losses for a batch of coalitions: all rows under masks, or each one's own rows."""

import numpy as np
from numpy.typing import NDArray

from valuation.core.models.frame import EigenFrame
from valuation.core.models.solvers.lbfgs import Gradient

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROWS_AT_ONCE = 1000  # margins of this many rows for 64 coalitions fit the second-level cache


def indicators(y: IntArray, classes: IntArray) -> FloatArray:
    """Targets of each logit, float64 ``(n, columns)``: of two classes the second, of more each one."""
    wanted = classes[1:] if len(classes) == 2 else classes  # noqa: PLR2004 - two classes need one logit
    targets: FloatArray = (y[:, None] == wanted).astype(np.float64)
    return targets


def probabilities(margins: FloatArray) -> FloatArray:
    """Turn margins, float64 ``(..., columns)``, into probabilities of the same shape, in place."""
    if margins.shape[-1] == 1:
        np.negative(margins, out=margins)
        with np.errstate(over="ignore"):  # exp may reach infinity: the probability is then 0, as it should be
            np.exp(margins, out=margins)
        margins += 1.0
        return np.reciprocal(margins, out=margins)
    margins -= margins.max(axis=-1, keepdims=True)
    np.exp(margins, out=margins)
    margins /= margins.sum(axis=-1, keepdims=True)
    return margins


def masked(frame: EigenFrame, targets: FloatArray, weights: FloatArray) -> Gradient:
    """Gradient by products of all rows with all coalitions' coefficients, the rows' weights applied in between.

    Args:
        frame: The rows, float64 ``(n, p)``.
        targets: See ``indicators``, float64 ``(n, columns)``.
        weights: Of every row in each coalition, 0 outside, float64 ``(b, n)``.

    Returns:
        Gradient of ``sum weight * loss + |w|^2 / 2`` with respect to coefficients, float64 ``(k, columns * p)``.
    """
    rows, columns = frame.rows, targets.shape[1]
    penalty = np.tile(frame.penalty, columns)
    # The loss's gradient is sum p x - sum y x, and the second sum does not change from step to step.
    fixed = np.concatenate([(weights * target) @ rows for target in targets.T], axis=1)
    masks = np.ascontiguousarray(weights.T)
    of_active = masks

    def gradient(active: IntArray, at: FloatArray) -> FloatArray:
        nonlocal of_active
        if of_active.shape[1] != len(active):
            of_active = np.ascontiguousarray(masks[:, active])
        coefficients = at.reshape(-1, rows.shape[1])
        # Minus the margins of a single logit are wanted; negating the few coefficients saves a pass over the margins.
        turned = -coefficients.T if columns == 1 else coefficients.T
        total = np.zeros((rows.shape[1], len(coefficients)))
        for first in range(0, len(rows), ROWS_AT_ONCE):
            chunk, mask = rows[first : first + ROWS_AT_ONCE], of_active[first : first + ROWS_AT_ONCE]
            margins = chunk @ turned
            if columns == 1:
                with np.errstate(over="ignore"):
                    np.exp(margins, out=margins)
                margins += 1.0
                np.divide(mask, margins, out=margins)
            else:
                shares = probabilities(margins.reshape(len(chunk), -1, columns))
                shares *= mask[:, :, None]
            total += chunk.T @ margins
        result: FloatArray = total.T.reshape(len(active), -1) - fixed[active] + at * penalty
        return result

    return gradient


def gathered(
    frame: EigenFrame, targets: FloatArray, weights: FloatArray, rows: FloatArray, indices: list[IntArray]
) -> Gradient:
    """Gradient by products with each coalition's own rows.

    Args:
        frame: The rows of all players.
        targets: See ``indicators``, float64 ``(n, columns)``.
        weights: Of every row in each coalition, float64 ``(b, n)``.
        rows: Rows of each coalition, filled up with zeros, float64 ``(b, s, p)``; see ``gather``.
        indices: Players of each coalition.

    Returns:
        As ``masked``.
    """
    columns, p = targets.shape[1], rows.shape[2]
    penalty = np.tile(frame.penalty, columns)
    own_weights = np.zeros(rows.shape[:2])
    for place, (members, of_all) in enumerate(zip(indices, weights, strict=True)):
        own_weights[place, : len(members)] = of_all[members]
    fixed = np.stack(
        [
            ((targets[members].T * own_weights[place, : len(members)]) @ rows[place, : len(members)]).ravel()
            for place, members in enumerate(indices)
        ]
    )
    of_active, weights_of_active = rows, own_weights

    def gradient(active: IntArray, at: FloatArray) -> FloatArray:
        nonlocal of_active, weights_of_active
        if len(of_active) != len(active):
            of_active, weights_of_active = rows[active], own_weights[active]
        coefficients = at.reshape(len(active), columns, p)
        shares = probabilities(of_active @ coefficients.transpose(0, 2, 1))
        shares *= weights_of_active[:, :, None]  # 0 for filling rows
        sums = (shares.transpose(0, 2, 1) @ of_active).reshape(len(active), -1)
        result: FloatArray = sums - fixed[active] + at * penalty
        return result

    return gradient


def gather(rows: FloatArray, coalitions: BoolArray) -> tuple[FloatArray, list[IntArray]]:
    """Copy each coalition's rows, float64 ``(b, s, p)``, zeros at the end; s is the largest coalition's size."""
    indices = [np.flatnonzero(coalition) for coalition in coalitions]
    size = max(len(members) for members in indices)
    own = np.empty((len(coalitions), size, rows.shape[1]))
    for place, members in zip(own, indices, strict=True):
        np.take(rows, members, axis=0, out=place[: len(members)], mode="clip")
        place[len(members) :] = 0.0
    return own, indices
