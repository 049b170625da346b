"""The chance that an owner's rows are not worth nothing, learned from the values of all owners together.

Each owner's value is either noise around 0 (a *null*: rows that say nothing), or that of rows *like* the others', worth
about as much each, or that of rows *unlike* them, worth anything. How many owners are of which kind, what a row is
worth and how far owners' rows differ are fitted by expectation maximisation. The fit only tells a null from the rest;
what is paid is the owner's own value, times this chance (ADR 0011).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Always as many, so that the chance is a continuous function of the values: a stopping rule would make it jump.
_STEPS = 60
# What the fit begins with: the prior odds of an owner that is no null, before anything is known of the others. Low
# odds, so that a crowd of nulls is not taken for sellers of little worth.
_ODDS_AT_FIRST = 0.1
_VARIANCE_AT_FIRST = 0.1
# Beyond a billionth of the value an error decides nothing; without a least one the densities would not be finite.
_LEAST_ERROR = 1e-9
# The same for variances in units of the largest value or error.
_LEAST_VARIANCE = 1e-24
_NEAR_ZERO = 1e-4
_TINY = float(np.finfo(np.float64).tiny)
# Log odds beyond which nothing changes any more, short of what a float can hold.
_FAR = 500.0


class Kinds(NamedTuple):
    """How many owners are of each kind: counts beside the data, parts of all owners, or each owner's chances."""

    null: Floats | float
    like: Floats | float
    unlike: Floats | float


# Chosen by what worthless accounts gain and honest sellers lose among 4 and 12 sellers (benchmarks/rules_of_pay.py).
PRIOR = Kinds(null=0.5, like=1.0, unlike=0.5)
# The same for how far owners differ: as if two more owners were worth half more or less a row than the mean.
_PRIOR_OWNERS = 2.0
_PRIOR_SPREAD = 0.5


@dataclass(frozen=True, eq=False)
class Worths:
    """What the values of all owners say about the worth of rows; values and variances in units of ``scale``.

    Attributes:
        scale: The largest value or error, metric units.
        errors: Standard errors of the owners' values, float64 ``(owners,)``, metric units.
        means: What each owner's rows would be worth if they were like the *others'*, float64 ``(..., owners)``.
        variances: By how much that may be off, float64 ``(..., owners)``.
        parts: Which part of the owners is of each kind, each float64 ``(..., 1)``.
    """

    scale: float
    errors: Floats
    means: Floats
    variances: Floats
    parts: Kinds

    def chances(self, values: npt.ArrayLike) -> Floats:
        """Chance that each owner is no null, were its value this one and what is known of the others the same.

        Args:
            values: float64 ``(..., owners)``, metric units.

        Returns:
            float64 ``(..., owners)``, above 0 and at most 1; 1 for a value other than 0 that is known exactly.
        """
        kinds = self.kinds(values)
        chances: Floats = np.minimum(kinds.like + kinds.unlike, 1.0)
        return chances

    def kinds(self, values: npt.ArrayLike) -> Kinds:
        """The chances of the three kinds, each float64 ``(..., owners)``: they sum to 1."""
        given = np.asarray(values, dtype=np.float64)
        error = _errors_above_zero(given, self.errors, self.scale)
        z2 = (given / error) ** 2
        wide = np.maximum((error / self.scale) ** 2, _LEAST_VARIANCE) + self.variances
        # Relative to the density of a null, so that no density itself is ever computed.
        shrunk = np.log(error) - np.log(self.scale) - np.log(wide) / 2
        like = np.log(self.parts.like) + shrunk + (z2 - (given / self.scale - self.means) ** 2 / wide) / 2
        unlike = np.log(self.parts.unlike) + _log_odds_unlike(z2)
        null = np.log(self.parts.null)
        top = np.maximum(np.maximum(like, unlike), null)
        null, like, unlike = np.exp(null - top), np.exp(like - top), np.exp(unlike - top)
        whole = null + like + unlike
        return Kinds(null / whole, like / whole, unlike / whole)


def fit(values: npt.ArrayLike, errors: npt.ArrayLike, rows: npt.ArrayLike, *, prior: Kinds = PRIOR) -> Worths:
    """Learn the worth of rows from all owners' values.

    ``v_o ~ pi_0 N(0, e_o^2) + pi_1 N(m s_o, e_o^2 + t s_o) + pi_2 q(v_o)`` with ``s`` the rows and ``q`` the
    quasi-Cauchy density of ``z = v / e``, ``q(z) = N(z) (exp(z^2 / 2) - 1) / z^2`` (Johnstone and Silverman 2004,
    Annals of Statistics 32, equation 5): its tail is so heavy that a value far from 0 is no null whatever the others
    are worth. ``pi``, ``m`` and ``t`` by 60 steps of expectation maximisation; ``t`` by its moment equation. An owner's
    own value takes no part in the mean that it is tested against.

    Errors count as independent. Those of values that sum to a fixed total are correlated by about ``-1 / owners``,
    which the simulations of the benchmark contain.

    Args:
        values: float64 ``(..., owners)``, metric units, finite; one fit for each set of values.
        errors: Standard errors, computation and validation together, float64 ``(owners,)``, metric units, at least 0.
        rows: How many rows each owner has, ``(owners,)``, at least 0.
        prior: Owners of each kind that are counted beside those that are there.

    Returns:
        The fit. It is continuous in the values, and follows their scale and order.

    Raises:
        ValueError: The shapes disagree, a figure is not finite, or an error or a number of rows is below 0.
    """
    given, deviations, sizes = (np.asarray(each, dtype=np.float64) for each in (values, errors, rows))
    if not (given.ndim and deviations.ndim == 1 and given.shape[-1:] == deviations.shape == sizes.shape):
        raise ValueError("Values, errors and rows must be vectors of one length.")
    if not all(np.isfinite(each).all() for each in (given, deviations, sizes)):
        raise ValueError("Values, errors and rows must be finite.")
    if (deviations < 0).any() or (sizes < 0).any():
        raise ValueError("Neither an error nor a number of rows can be below 0.")
    scale = max(float(np.abs(each).max(initial=_TINY)) for each in (given, deviations))
    # An owner without rows tells nothing of the others, and its rows would be worth what nothing is.
    there = sizes > 0
    known = _learn(given[..., there], deviations[there], sizes[there], scale, prior)
    means, variances = np.zeros_like(given), np.zeros_like(given)
    means[..., there], variances[..., there] = known.means, known.variances
    return Worths(scale, deviations, means, variances, known.parts)


def _learn(values: Floats, errors: Floats, rows: Floats, scale: float, prior: Kinds) -> Worths:
    # In units of the rows of the owner of an average row, which owners of few rows hardly move, however many there are.
    size = rows * (rows.sum() / max(float(rows @ rows), _TINY))
    error = _errors_above_zero(values, errors, scale)
    value, noise = values / scale, np.maximum((error / scale) ** 2, _LEAST_VARIANCE)
    odds = _ODDS_AT_FIRST * np.expm1(np.minimum(_log_odds_unlike((values / error) ** 2) + np.log(2), _FAR)) / 2
    like = np.where(values > 0, odds / (1 + odds), 0.0)
    kinds = Kinds(1 - like, like, np.zeros_like(like))
    spread = _VARIANCE_AT_FIRST * _sum(noise / size) / max(rows.size, 1)
    for _ in range(_STEPS):
        parts = _parts(kinds, prior)
        mean, _ = _means(value, noise + spread * size, size, kinds.like)
        spread = _spread(value, noise, size, kinds.like, mean=mean, spread=spread)
        kinds = Worths(scale, errors, mean * size, spread * size, parts).kinds(values)
    _, others = _means(value, noise + spread * size, size, kinds.like)
    return Worths(scale, errors, others * size, spread * size, parts)


def _sum(each: Floats) -> Floats:
    """Over owners, kept as an axis of one."""
    return np.asarray(each.sum(axis=-1, keepdims=True))


def _parts(kinds: Kinds, prior: Kinds) -> Kinds:
    whole = np.shape(kinds.null)[-1] + sum(prior)
    return Kinds(*((_sum(np.asarray(each)) + more) / whole for each, more in zip(kinds, prior, strict=True)))


def _means(value: Floats, variance: Floats, size: Floats, like: Floats | float) -> tuple[Floats, Floats]:
    """The worth of a row of all owners that are like each other, and for each owner that of the others alone.

    Neither is below 0: where rows do harm on average, a value above 0 is none like theirs.
    """
    weight = like * size / variance
    top, bottom = weight * value, weight * size
    whole = np.maximum(_sum(bottom), _TINY)
    # With one owner nobody else is there; the least keeps the quotient finite and continuous.
    others = (_sum(top) - top) / np.maximum(whole - bottom, 1e-9 * whole)
    return np.maximum(_sum(top) / whole, 0.0), np.maximum(others, 0.0)


def _spread(
    value: Floats, noise: Floats, size: Floats, like: Floats | float, *, mean: Floats, spread: Floats
) -> Floats:
    """How far owners' rows differ, ``t``: what the values scatter beyond their errors, and what the prior expects."""
    weight = like * size / (noise + spread * size) ** 2
    found = _sum(weight * ((value - mean * size) ** 2 - noise)) / np.maximum(_sum(weight * size), _TINY)
    owners = _sum(np.asarray(like))
    expected = (_PRIOR_SPREAD * mean) ** 2
    return (owners * np.maximum(found, 0.0) + _PRIOR_OWNERS * expected) / (owners + _PRIOR_OWNERS)


def _errors_above_zero(values: Floats, errors: Floats, scale: float) -> Floats:
    """Errors that may be divided by; a value of 0 without an error counts as a null known well."""
    least = np.where(values == 0, scale * np.sqrt(_LEAST_VARIANCE), np.abs(values) * _LEAST_ERROR)
    return np.maximum(np.maximum(errors, least), _TINY)


def _log_odds_unlike(z2: Floats) -> Floats:
    """``log((exp(z^2 / 2) - 1) / z^2)``: how much better a value of anything explains ``z`` than noise does."""
    half = np.maximum(z2, _NEAR_ZERO) / 2
    far = half + np.log(-np.expm1(-half)) - np.log(2 * half)
    # The series about 0 is exact to 1e-9 where the formula would divide 0 by 0.
    odds: Floats = np.where(z2 < _NEAR_ZERO, z2 / 4 - np.log(2), far)
    return odds
