"""Minimise many smooth convex functions at once by limited-memory BFGS, one gradient call a step for all of them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Gradient = Callable[[IntArray, FloatArray], FloatArray]

OVERSHOOT_MAX = 0.5  # a step may end on the far side of the valley if its slope there is at most half the first one


def minimise(
    gradient: Gradient,
    start: FloatArray,
    inverse_curvature: FloatArray,
    *,
    tolerance: float,
    steps_max: int = 1000,
    memory: int = 16,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Run limited-memory BFGS on every problem of a batch (Nocedal and Wright 2006, algorithm 7.4).

    Only gradients are asked for. The functions are convex, so a step that still descends at its end is a decrease for
    certain, and one that overshoots is shortened by the secant rule; no function value (and no logarithm) is needed.
    A problem's steps depend on its own gradients alone, so neighbours change it by rounding only.

    Args:
        gradient: Maps indices of problems, int ``(k,)``, and their points, float64 ``(k, p)``, to gradients ``(k, p)``.
        start: First points, float64 ``(b, p)``.
        inverse_curvature: Diagonal guess of each inverse Hessian, float64 ``(b, p)``, positive.
        tolerance: A problem is solved when ``sqrt(g' H^-1 g)`` is below this, for its gradient g and both for H^-1 the
            first guess and for what the steps have taught since.
        steps_max: Most gradient calls after the first.
        memory: Most pairs of steps and gradient changes to keep.

    Returns:
        The points reached, float64 ``(b, p)``, and which of them are solved, bool ``(b,)``.
    """
    n_problems = len(start)
    points, solved = start.copy(), np.zeros(n_problems, dtype=bool)
    active = np.arange(n_problems)
    at, scale = start.copy(), inverse_curvature
    slope_at = gradient(active, at)
    history = _History(memory)
    direction = -slope_at * scale
    descent = _dot(slope_at, direction)
    length: FloatArray = np.ones(n_problems)
    for _ in range(steps_max):
        # Both guesses of the inverse Hessian must agree: where labels are separable the first one is far too small.
        done = np.maximum(_dot(slope_at, slope_at * scale), -descent) <= tolerance * tolerance
        # Kept when it is first solved, so that how long its neighbours take changes nothing.
        first = done & ~solved[active]
        points[active[first]], solved[active[first]] = at[first], True
        # Dropping problems copies their rows, so it waits until an eighth of them can go.
        done = solved[active]
        if done.sum() * 8 >= len(active):
            active, at, slope_at, scale = active[~done], at[~done], slope_at[~done], scale[~done]
            direction, descent, length = direction[~done], descent[~done], length[~done]
            history.keep(~done)
            if not len(active):
                return points, solved
        trial = at + length[:, None] * direction
        slope_trial = gradient(active, trial)
        descent_trial = _dot(slope_trial, direction)
        accepted = descent_trial <= -OVERSHOOT_MAX * descent
        history.push(np.where(accepted, length, 0.0)[:, None] * direction, slope_trial - slope_at)
        at = np.where(accepted[:, None], trial, at)
        slope_at = np.where(accepted[:, None], slope_trial, slope_at)
        # Of an accepted step nothing is shortened, and its two slopes may be equal to the last bit.
        secant = np.clip(descent / np.where(accepted, 1.0, descent - descent_trial), 0.1, 0.5)
        direction = np.where(accepted[:, None], -history.multiply(slope_at, scale), direction)
        descent = np.where(accepted, _dot(slope_at, direction), descent)
        length = np.where(accepted, 1.0, length * secant)
    left = ~solved[active]
    points[active[left]] = at[left]
    return points, solved


class _History:
    """The last steps and gradient changes of every problem, as a ring."""

    def __init__(self, memory: int) -> None:
        self._steps: list[FloatArray] = []
        self._changes: list[FloatArray] = []
        self._inverse_products: list[FloatArray] = []
        self._memory = memory

    def keep(self, rows: NDArray[np.bool_]) -> None:
        for ring in (self._steps, self._changes, self._inverse_products):
            ring[:] = [part[rows] for part in ring]

    def push(self, step: FloatArray, change: FloatArray) -> None:
        product = _dot(step, change)
        # A refused step is zero and its product is zero: the pair then stays without effect.
        usable = product > 0
        self._steps.append(step)
        self._changes.append(change)
        self._inverse_products.append(np.where(usable, 1.0 / np.where(usable, product, 1.0), 0.0))
        if len(self._steps) > self._memory:
            for ring in (self._steps, self._changes, self._inverse_products):
                del ring[0]

    def multiply(self, vectors: FloatArray, scale: FloatArray) -> FloatArray:
        """Approximate inverse Hessian times ``vectors`` by the two-loop recursion."""
        result = vectors.copy()
        weights: list[FloatArray] = []
        for step, change, inverse in zip(
            reversed(self._steps), reversed(self._changes), reversed(self._inverse_products), strict=True
        ):
            weight = inverse * _dot(step, result)
            result -= weight[:, None] * change
            weights.append(weight)
        result *= scale
        for step, change, inverse, weight in zip(
            self._steps, self._changes, self._inverse_products, reversed(weights), strict=True
        ):
            result += (weight - inverse * _dot(change, result))[:, None] * step
        return result


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    product: FloatArray = np.einsum("kp,kp->k", left, right)
    return product
