"""Contrastive dispersion: how far apart rows of unlike target lie in the embedding."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, IndexVector

Task = Literal["classification", "regression"]

LARGEST = 2.0  # of a cosine distance
_CHUNK = 256
# Sums of weights below this part of the squared number of rows are rounding: all targets of the coalition are equal.
_ROUNDING = 1e-12


def unit_rows(z: FloatMatrix) -> FloatMatrix:
    """Rows scaled to length 1, float64 ``(n, d)``; a row of zeros stays, at distance 1 from every other."""
    largest = np.abs(z).max(axis=1, initial=0.0, keepdims=True)
    scaled = np.divide(z, largest, out=np.zeros_like(z), where=largest > 0)
    lengths = np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(scaled, lengths, out=np.zeros_like(z), where=lengths > 0))


@dataclass(frozen=True, eq=False)
class Dispersion:
    """Mean normalised dispersion of unions of parts (HCDV, equation 18), in [0, 2].

    The mean of the cosine distances of all pairs of rows in the union, each pair weighted by 1 where labels differ and
    0 where they agree (classification), or by ``|y_i - y_j|`` (regression); 0 where all weights are 0. Sums over pairs
    are sums over pairs of parts, so that a coalition costs one quadratic form whatever the number of rows.

    Attributes:
        distances: Weighted sums of distances between parts, float64 ``(n_parts, n_parts)``.
        weights: Sums of weights, float64 ``(n_parts, n_parts)``.
        sizes: Rows of each part, float64 ``(n_parts,)``.
    """

    distances: FloatMatrix
    weights: FloatMatrix
    sizes: FloatVector

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Dispersion of the union of each coalition's parts, float64 ``(n_coalitions,)``."""
        members = coalitions.astype(np.float64)
        weights = ((members @ self.weights) * members).sum(axis=1)
        distances = ((members @ self.distances) * members).sum(axis=1)
        unlike = weights > _ROUNDING * (members @ self.sizes) ** 2
        means = np.divide(distances, weights, out=np.zeros(len(members)), where=unlike)
        return np.asarray(np.clip(means, 0.0, LARGEST))


def dispersion_of_parts(
    units: FloatMatrix, y: FloatVector | IndexVector, parts: IndexVector, n_parts: int, task: Task
) -> Dispersion:
    """Prepare the dispersion of unions of parts.

    Args:
        units: Rows of length 1 or 0 (:func:`unit_rows`), float64 ``(n, d)``.
        y: Class codes from 0, int ``(n,)``, or numbers, float64 ``(n,)``.
        parts: Part of each row, int ``(n,)``.
        n_parts: Number of parts ``K``.
        task: What ``y`` holds.

    Returns:
        The dispersion; O(n d + K^2 C d) time for ``C`` classes, O(n (d + K)) and a sort for numbers.
    """
    products = _unlike_products if task == "classification" else _difference_products
    if task == "regression" and len(y):
        spread = float(np.ptp(y))
        y = np.asarray((y - y.mean()) / (spread if spread > 0 else 1.0), dtype=np.float64)
    weights = products(np.ones((len(y), 1)), y, parts, n_parts)
    cosines = products(units, y, parts, n_parts)
    return Dispersion(weights - cosines, weights, np.bincount(parts, minlength=n_parts).astype(np.float64))


def _unlike_products(
    rows: FloatMatrix, codes: FloatVector | IndexVector, parts: IndexVector, n_parts: int
) -> FloatMatrix:
    """Inner products of rows of different classes summed between parts, float64 ``(n_parts, n_parts)``."""
    classes, codes = np.unique(codes, return_inverse=True)
    sums = np.zeros((n_parts, len(classes), rows.shape[1]))
    np.add.at(sums, (parts, codes), rows)
    together = sums.sum(axis=1)
    flat = sums.reshape(n_parts, -1)
    return np.asarray(together @ together.T - flat @ flat.T)


def _difference_products(
    rows: FloatMatrix, y: FloatVector | IndexVector, parts: IndexVector, n_parts: int
) -> FloatMatrix:
    """Inner products weighted by ``|y_i - y_j|`` summed between parts, float64 ``(n_parts, n_parts)``.

    Rows are taken in the order of ``y``: between a chunk and all before it the weight is a plain difference, so that
    running sums of ``rows`` and ``y rows`` suffice; inside a chunk all pairs are formed.
    """
    total = np.zeros((n_parts, n_parts))
    before, before_y = np.zeros((2, n_parts, rows.shape[1]))
    order = np.argsort(y, kind="stable")
    for first in range(0, len(y), _CHUNK):
        chunk = order[first : first + _CHUNK]
        x, target = rows[chunk], y[chunk]
        member = (parts[chunk][:, None] == np.arange(n_parts)).astype(np.float64)
        sums, sums_y = member.T @ x, member.T @ (x * target[:, None])
        across = before @ sums_y.T - before_y @ sums.T
        inside = member.T @ ((x @ x.T) * np.abs(target[:, None] - target)) @ member
        total += across + across.T + inside
        before, before_y = before + sums, before_y + sums_y
    return total
