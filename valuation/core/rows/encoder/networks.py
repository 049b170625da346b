"""The encoder's networks as functions of their weights: multilayer perceptron, small ConvNet, linear map."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from valuation.core.games.game import FloatMatrix
from valuation.core.models.torch_threads import one_thread
from valuation.core.rows.encoder.config import Array, EncoderConfig

Weights = Mapping[str, Tensor]

# A ConvNet's last maps are averaged to at most this many cells a side, so that any image size gives few weights.
_CELLS = 4
_KERNEL = 3
# Vectors shorter than about this get shorter than 1: a direction's gradient would be without bound at 0.
_SHORTEST = 1e-3
_ROWS_AT_ONCE = 1024
_IMAGE_AXES = 3


def first_weights(
    shape: tuple[int, ...], config: EncoderConfig, n_outputs: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Random weights of the network of ``config.architecture`` and of the linear head, float32 by name.

    Normal with variance ``1 / inputs`` of a unit; biases are 0 or small. Drawn by ``rng``: torch's own generator is
    left alone.
    """
    weights: dict[str, Array] = {}
    width = shape[-1]
    if config.architecture == "convnet":
        height, breadth = shape[0], shape[1]
        for layer, channels in enumerate(config.hidden or ()):
            weights[f"convolution{layer}"] = _normal(rng, (channels, width, _KERNEL, _KERNEL))
            weights[f"convolution{layer}.bias"] = np.zeros(channels, dtype=np.float32)
            # Stride 2.
            width, height, breadth = channels, -(-height // 2), -(-breadth // 2)
        width *= min(_CELLS, height) * min(_CELLS, breadth)
    elif config.architecture == "mlp":
        for layer, units in enumerate(config.hidden or ()):
            weights[f"hidden{layer}"] = _normal(rng, (units, width))
            weights[f"hidden{layer}.bias"] = np.zeros(units, dtype=np.float32)
            width = units
    weights["output"] = _normal(rng, (config.dimensions, width))
    # Not 0, or a row of zeros would have no direction.
    weights["output.bias"] = 0.1 * _normal(rng, (config.dimensions,))
    weights["head"] = _normal(rng, (n_outputs, config.dimensions))
    weights["head.bias"] = np.zeros(n_outputs, dtype=np.float32)
    return weights


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:])), dtype=np.float32)


def embed(weights: Weights, x: Tensor) -> Tensor:
    """Embedding of a batch, ``(n, d)``, of features ``(n, f)`` or images ``(n, h, w, c)``: rows of length 1."""
    layer = 0
    if x.ndim > _IMAGE_AXES:
        x = x.movedim(-1, 1)
        while f"convolution{layer}" in weights:
            name = f"convolution{layer}"
            x = functional.silu(functional.conv2d(x, weights[name], weights[f"{name}.bias"], stride=2, padding=1))
            layer += 1
        if layer:
            x = functional.adaptive_avg_pool2d(x, (min(_CELLS, x.shape[2]), min(_CELLS, x.shape[3])))
        x = x.flatten(1)
    while f"hidden{layer}" in weights:
        x = functional.silu(functional.linear(x, weights[f"hidden{layer}"], weights[f"hidden{layer}.bias"]))
        layer += 1
    z = functional.linear(x, weights["output"], weights["output.bias"])
    # Smooth at 0 as well, where a plain division by the length has no second derivative.
    return z * torch.rsqrt(z.square().sum(dim=1, keepdim=True) + _SHORTEST**2)


def embed_all(weights: Mapping[str, Array], rows: FloatMatrix) -> FloatMatrix:
    """Embeddings of many rows in double precision on one CPU thread, float64 ``(n, d)``, in bounded memory."""
    tensors = {name: torch.from_numpy(np.asarray(weight, dtype=np.float64)) for name, weight in weights.items()}
    with torch.no_grad(), one_thread():
        parts = [
            embed(tensors, torch.from_numpy(rows[first : first + _ROWS_AT_ONCE])).numpy()
            for first in range(0, len(rows), _ROWS_AT_ONCE)
        ]
    return np.concatenate(parts)
