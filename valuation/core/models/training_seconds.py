"""Seconds of one evaluation by the coalition's rows, one formula a kind of training.

Seconds of one thread of the processor that the figures of ``docs/algorithms/models.md`` were measured on, with 5,000
validation rows. They steer how work is cut and spread, never a value; another machine is some factor away. Blocks of
runs in progress were cut by them, so a change holds for runs that start after it.
"""

from collections.abc import Callable, Mapping
from typing import Any

Seconds = Callable[[float], float]

# Seconds of an epoch of a network that is trained beside others, whatever its size, and of a multiplication.
_EPOCH_SECONDS = 2e-4
_MULTIPLICATION_SECONDS = 2e-10
_PATCHES = 4  # of convolutions, whose patches are copied
_VALIDATION_ROWS = 5_000


def batched_model_seconds(size: float) -> float:
    """Seconds of one evaluation of a batched linear model by coalition size, measured on Adult (5,000 validation rows).

    Most of a small coalition's cost is scoring; above about 1,500 rows warm starts make the fit as dear as it gets.
    """
    return 1e-4 + 8e-7 * min(size, 1500.0)


def batched(params: Mapping[str, Any], n_features: int) -> Seconds:
    """Families that train a batch of coalitions at once, whatever their parameters."""
    del params, n_features
    return batched_model_seconds


def layered_network(params: Mapping[str, Any], n_features: int) -> Seconds:
    """Networks of ``hidden_layers`` layers of ``hidden_units`` units."""
    units, layers = float(params["hidden_units"]), int(params["hidden_layers"])
    return _network(params["epochs"], n_features * (units + 1) + (layers - 1) * units**2 + units)


def convolutional_network(params: Mapping[str, Any], n_features: int) -> Seconds:
    """Two convolutions of stride 2 over the pixels of an image."""
    channels, filters = int(params["image_channels"]), float(params["filters"])
    places = n_features / channels / 4
    return _network(
        params["epochs"], _PATCHES * (places * 9 * channels * filters + places / 4 * 9 * filters * 2 * filters)
    )


def _network(epochs: int, multiplications: float) -> Seconds:
    def seconds(size: float) -> float:
        # Forth, and back to weights and to inputs; the validation rows only forth.
        rows = epochs * size + _VALIDATION_ROWS / 3
        return float(epochs * _EPOCH_SECONDS + rows * multiplications * _MULTIPLICATION_SECONDS)

    return seconds
