"""Logistic regression on coalitions of few rows: Newton's method in as many unknowns as there are rows."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

STEP_SOLVED = 1e-5  # Newton's error after a step is of the order of the step squared
HALVINGS_MAX = 12
# Of products of rows: beside larger ones the system's 1 is lost to rounding, and with it the penalty.
KERNEL_MAX = 1e8


def fit_small(
    rows: FloatArray, labels: FloatArray, weights: FloatArray, *, steps_max: int = 40
) -> tuple[FloatArray, BoolArray]:
    """Fit L2-regularised binary logistic regression to every coalition of a batch.

    The coefficients lie in the span of the rows, ``w = X' a``, so with ``K = X X'`` and ``v`` the rows' weights each
    Newton step solves ``[[I + W K, W 1], [1', 0]] (da, db) = -(a + v (p - y), 1'a)`` with ``W = v p (1 - p)``: s + 1
    unknowns instead of d + 1 (Zhu and Hastie 2005; the last row is the unpenalised intercept's stationarity). A step
    whose end slopes upward too steeply is halved.

    Args:
        rows: Features without intercept column, float64 ``(k, s, d)``, already multiplied by ``sqrt(C)``; rows that
            only fill up a coalition are zero.
        labels: 1 for the second class, else 0, float64 ``(k, s)``.
        weights: Above 0 for a row, 0 for filling, float64 ``(k, s)``; every coalition has both labels among its rows.
        steps_max: Most Newton steps.

    Returns:
        Coefficients with the intercept last, float64 ``(k, d + 1)``, and which coalitions are solved, bool ``(k,)``:
        not those whose rows are so long that an unknown a row is no way to solve them.
    """
    k, s, _ = rows.shape
    kernel = rows @ rows.transpose(0, 2, 1)
    too_long = np.einsum("kss->ks", kernel).max(axis=1) > KERNEL_MAX
    kernel[too_long] = 0.0
    real = (weights > 0).astype(np.float64)
    positives, sizes = (labels * weights).sum(axis=1), weights.sum(axis=1)
    a, kernel_a = np.zeros((k, s)), np.zeros((k, s))
    intercept = np.log(positives / (sizes - positives))
    system, right = np.empty((k, s + 1, s + 1)), np.empty((k, s + 1, 1))
    system[:, s, :s], system[:, s, s] = real, 0.0
    diagonal = np.arange(s)
    solved = np.zeros(k, dtype=bool)
    for _ in range(steps_max):
        p = _sigmoid(kernel_a + intercept[:, None])
        # The floor keeps the system regular where every row is saturated.
        weight = np.maximum(p * (1.0 - p), 1e-12) * weights
        np.multiply(weight[:, :, None], kernel, out=system[:, :s, :s])
        system[:, diagonal, diagonal] += 1.0
        system[:, :s, s] = weight
        residual = (p - labels) * weights
        right[:, :s, 0] = -(a + residual)
        right[:, s, 0] = -a.sum(axis=1)
        step = np.linalg.solve(system, right)[:, :, 0]
        step_a, step_intercept = step[:, :s], step[:, s]
        step_kernel_a = (kernel @ step_a[:, :, None])[:, :, 0]
        length = _lengths(
            labels,
            weights,
            residual=residual,
            margin=kernel_a + intercept[:, None],
            a=a,
            step=step_a,
            step_kernel=step_kernel_a,
            step_intercept=step_intercept,
        )
        # A solved coalition stands still, so that its value does not depend on how long its neighbours take.
        length[solved] = 0.0
        a += length[:, None] * step_a
        kernel_a += length[:, None] * step_kernel_a
        intercept += length * step_intercept
        moved = np.abs((step_kernel_a + step_intercept[:, None]) * real).max(axis=1)
        solved |= (moved < STEP_SOLVED) & (length == 1.0)
        if solved.all():
            break
    return np.concatenate([(a[:, None, :] @ rows)[:, 0], intercept[:, None]], axis=1), solved & ~too_long


def _lengths(
    labels: FloatArray,
    weights: FloatArray,
    *,
    residual: FloatArray,
    margin: FloatArray,
    a: FloatArray,
    step: FloatArray,
    step_kernel: FloatArray,
    step_intercept: FloatArray,
) -> FloatArray:
    """Halve the steps, float64 ``(k,)``, that would end on an ascent more than half as steep as the first descent."""
    length = np.ones(len(a))
    step_margin = step_kernel + step_intercept[:, None]
    first = np.einsum("ks,ks->k", residual, step_margin) + np.einsum("ks,ks->k", a, step_kernel)
    for _ in range(HALVINGS_MAX):
        end = (_sigmoid(margin + length[:, None] * step_margin) - labels) * weights
        slope = np.einsum("ks,ks->k", end, step_margin)
        slope += np.einsum("ks,ks->k", a + length[:, None] * step, step_kernel)
        steep = slope > 0.5 * np.abs(first) + 1e-12
        if not steep.any():
            break
        length[steep] *= 0.5
    return length


def _sigmoid(margin: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-margin))
