"""What an encoder's network is fed: checked features, scaled so that no seller's absurd number can drown the rest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError

FloatArray = npt.NDArray[np.float64]

# Scaled features are cut at this many standard deviations.
SCALED_MAX = 10.0
_TAIL = 0.005
_IMAGE_AXES = (3, 4)


def checked_features(features: npt.ArrayLike) -> FloatArray:
    """Features as float64 ``(n, f)``, or images as ``(n, h, w, c)``; grey ones get one channel.

    Raises:
        InvalidDataError: There is another number of axes, no feature, or one that is not finite.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim == _IMAGE_AXES[0]:
        rows = rows[..., None]
    if rows.ndim not in {2, _IMAGE_AXES[1]} or 0 in rows.shape[1:]:
        raise InvalidDataError(f"Features must have shape (n, f), (n, h, w) or (n, h, w, c), not {rows.shape}.")
    if not np.isfinite(rows).all():
        raise InvalidDataError("Features must be finite numbers.")
    return rows


def flat_rows(rows: FloatArray) -> FloatArray:
    """Rows as lists of their numbers, float64 ``(n, f)``; images ``(n, h, w, c)`` lose their shape."""
    return rows.reshape(len(rows), int(np.prod(rows.shape[1:])))


@dataclass(frozen=True, eq=False)
class Scaling:
    """Features to about mean 0 and standard deviation 1: ``clip((x - centre) / scale, -10, 10)``.

    Attributes:
        shape: Of a row: ``(f,)`` or ``(h, w, c)``.
        centre: float64, one for each feature or channel.
        scale: float64, one for each feature or channel, above 0.
    """

    shape: tuple[int, ...]
    centre: FloatArray
    scale: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray) -> "Scaling":
        """Take each feature's (of images each channel's) mean and deviation after its tails are cut to quantiles.

        Beyond the 0.5th and 99.5th percentile numbers count as these, so that no few rows decide a scale. A feature
        that is constant between them, as a rare category is, is only shifted.
        """
        flat = rows.reshape(-1, rows.shape[-1])
        low, high = np.quantile(flat, [_TAIL, 1 - _TAIL], axis=0, method="nearest")
        largest = np.maximum(np.abs(low), np.abs(high))
        unit = np.where(largest > 0, largest, 1.0)
        tame = np.clip(flat, low, high) / unit
        centre, deviation = tame.mean(axis=0), tame.std(axis=0)
        # The mean of equal numbers may be off by a rounding, which must not be blown up to a scale.
        spread = deviation > 1e-12  # noqa: PLR2004
        return cls(rows.shape[1:], centre * unit, np.where(spread, deviation * unit, 1.0))

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Scale rows, float64 of the same shape."""
        with np.errstate(over="ignore"):
            return np.asarray(np.clip((rows - self.centre) / self.scale, -SCALED_MAX, SCALED_MAX))
