"""Training of many small networks at once: every weight has an axis of coalitions, and each one's loss is its own."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from valuation.core.models.convolutions import CELLS, KERNEL
from valuation.core.models.spec import ModelSpec
from valuation.core.models.torch_threads import one_thread

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_Losses = Callable[[Tensor], Tensor]

# Adam's constants (Kingma & Ba 2015), as everywhere.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


class Network:
    """Trains one architecture on coalitions of the same rows.

    Args:
        spec: Family and parameters.
        first: Weights before training, ``(inputs, outputs)``, and biases, ``(1, outputs)``, by name.
        X: Training rows, float64 ``(n, d)``.
        X_valid: Validation rows, float64 ``(m, d)``.
        predicted_at_once: Networks that predict the validation rows together.
        device: ``"cpu"`` or ``"cuda"``.
    """

    def __init__(
        self,
        spec: ModelSpec,
        first: Mapping[str, FloatArray],
        X: FloatArray,
        X_valid: FloatArray,
        *,
        predicted_at_once: int,
        device: str,
    ) -> None:
        """Bring rows and first weights to the device."""
        self._predicted_at_once = predicted_at_once
        self._spec = spec
        self._device = device
        self._first = {name: self._tensor(weight) for name, weight in first.items()}
        self._X = self._tensor(X)
        self._valid = self._prepared(self._tensor(X_valid)[None])

    def classify(self, coalitions: BoolArray, y: IntArray, present: BoolArray, weights: FloatArray) -> FloatArray:
        """Train classifiers and predict the validation rows.

        Args:
            coalitions: Bool ``(k, n)``.
            y: Class codes of the players, ``(n,)``.
            present: Which classes each coalition has, bool ``(k, classes)``.
            weights: Of every row's loss in each coalition, float64 ``(k, n)``.

        Returns:
            Log probabilities, float64 ``(k, m, classes)``, minus infinity for classes that a coalition lacks.
        """
        indices, real = _filled(coalitions)
        codes = self._tensor(y)[indices]
        row_weights = self._tensor(np.take_along_axis(weights, indices, axis=1))
        absent = ~self._tensor(present)[:, None, :]

        def losses(outputs: Tensor) -> Tensor:
            logarithms = functional.log_softmax(outputs.masked_fill(absent, -torch.inf), dim=2)
            return -logarithms.gather(2, codes[:, :, None])[:, :, 0] * row_weights

        with one_thread():
            outputs = self._outputs(self._trained(indices, real, losses))
            shares = functional.log_softmax(outputs.masked_fill(absent, -torch.inf), dim=2)
        return np.asarray(shares.cpu().numpy())

    def regress(self, coalitions: BoolArray, y: FloatArray) -> FloatArray:
        """Train regressions and predict the validation rows, float64 ``(k, m, 1)``, in the unit of ``y``, ``(n,)``."""
        indices, real = _filled(coalitions)
        sizes = coalitions.sum(axis=1)
        means = (coalitions @ y) / sizes
        away = (y[indices] - means[:, None]) * real
        spread = np.sqrt((away**2).sum(axis=1) / sizes)
        # Targets that are all alike are answered by what they are.
        wanted = self._tensor(away / np.where(spread > 0, spread, 1.0)[:, None])
        with one_thread():
            outputs = self._outputs(
                self._trained(indices, real, lambda outputs: (outputs[:, :, 0] - wanted).square() / 2)
            )
        predicted: FloatArray = outputs.cpu().numpy() * spread[:, None, None] + means[:, None, None]
        return predicted

    def _trained(self, indices: IntArray, real: BoolArray, losses: _Losses) -> dict[str, Tensor]:
        """Weights after the epochs asked for, each ``(k, inputs, outputs)``."""
        params = self._spec.params
        rows = self._prepared(self._X[self._tensor(indices)])
        counts = self._tensor(real).double()
        sizes = counts.sum(dim=1)
        weights = {
            name: weight.expand(len(indices), *weight.shape).clone().requires_grad_()
            for name, weight in self._first.items()
        }
        penalised = [weight for name, weight in weights.items() if not name.endswith(".bias")]
        adam = _Adam(list(weights.values()), float(params["learning_rate"]))
        for _ in range(params["epochs"]):
            # Filling rows are multiplied by 0: they are copies of real ones, so their losses are finite.
            total = (losses(self._forward(weights, rows)) * counts).sum(dim=1)
            penalty = torch.stack([weight.square().sum(dim=(1, 2)) for weight in penalised]).sum(dim=0)
            objective = ((total + float(params["alpha"]) / 2 * penalty) / sizes).sum()
            adam.step(torch.autograd.grad(objective, adam.weights))
        return {name: weight.detach() for name, weight in weights.items()}

    def _outputs(self, weights: dict[str, Tensor]) -> Tensor:
        """Outputs for the validation rows, ``(k, m, outputs)``, of a few networks at a time."""
        step, count = self._predicted_at_once, len(weights["output"])
        with torch.no_grad():
            parts = [
                self._forward({name: weight[first : first + step] for name, weight in weights.items()}, self._valid)
                for first in range(0, count, step)
            ]
        return torch.cat(parts)

    def _prepared(self, rows: Tensor) -> Tensor:
        """What the first layer reads, from features ``(k, s, d)``: them, or every place's patch of an image."""
        if self._spec.family != "convnet":
            return rows
        channels = self._spec.params["image_channels"]
        pixels = rows.shape[2] // channels
        height = self._spec.params["image_height"] or round(pixels**0.5)
        images = rows.reshape(-1, channels, height, pixels // height)
        self._map_shape = (-(-height // 2), -(-(pixels // height) // 2))
        return _patches(images).reshape(rows.shape[0], -1, channels * KERNEL**2)

    def _forward(self, weights: Mapping[str, Tensor], rows: Tensor) -> Tensor:
        """Outputs, ``(k, s, outputs)``, for rows ``(k, s, d)`` or, the same for all, ``(1, s, d)``."""
        if self._spec.family == "convnet":
            return self._convolve(weights, rows)
        x, layer = rows, 0
        while f"hidden{layer}" in weights:
            x = torch.relu(_affine(x, weights[f"hidden{layer}"]) + weights[f"hidden{layer}.bias"])
            layer += 1
        outputs = _affine(x, weights["output"]) + weights["output.bias"]
        return outputs + _affine(rows, weights["wide"]) if "wide" in weights else outputs

    def _convolve(self, weights: Mapping[str, Tensor], patches: Tensor) -> Tensor:
        k = len(weights["output"])
        first = torch.relu(_affine(patches, weights["convolution0"]) + weights["convolution0.bias"])
        maps = first.reshape(-1, self._map_shape[0], self._map_shape[1], first.shape[2]).movedim(3, 1)
        n_images = maps.shape[0] // k
        again = _patches(maps).reshape(k, -1, weights["convolution1"].shape[1])
        second = torch.relu(_affine(again, weights["convolution1"]) + weights["convolution1.bias"])
        height, width = (-(-side // 2) for side in self._map_shape)
        maps = second.reshape(k * n_images, height, width, -1).movedim(3, 1)
        cells = functional.adaptive_avg_pool2d(maps, (min(CELLS, height), min(CELLS, width)))
        return _affine(cells.reshape(k, n_images, -1), weights["output"]) + weights["output.bias"]

    def _tensor(self, array: NDArray[np.generic]) -> Tensor:
        # A copy: frozen inputs are read-only memory, which torch would share and warn of.
        return torch.from_numpy(np.array(array)).to(self._device)


class _Adam:
    """Adam with one step for all weights, in place."""

    def __init__(self, weights: list[Tensor], learning_rate: float) -> None:
        self.weights = weights
        self._rate = learning_rate
        self._means = [torch.zeros_like(weight) for weight in weights]
        self._squares = [torch.zeros_like(weight) for weight in weights]
        self._steps = 0

    def step(self, gradients: tuple[Tensor, ...]) -> None:
        self._steps += 1
        rate = self._rate * (1 - _BETA_2**self._steps) ** 0.5 / (1 - _BETA_1**self._steps)
        with torch.no_grad():
            for weight, gradient, mean, square in zip(self.weights, gradients, self._means, self._squares, strict=True):
                mean.mul_(_BETA_1).add_(gradient, alpha=1 - _BETA_1)
                square.mul_(_BETA_2).addcmul_(gradient, gradient, value=1 - _BETA_2)
                weight.addcdiv_(mean, square.sqrt().add_(_EPSILON), value=-rate)


def _filled(coalitions: BoolArray) -> tuple[IntArray, BoolArray]:
    """Players of each coalition, int ``(k, s)``, the first repeated to the largest one's size, and which are real."""
    members = [np.flatnonzero(coalition) for coalition in coalitions]
    longest = max(len(own) for own in members)
    indices = np.stack([np.concatenate([own, np.full(longest - len(own), own[0])]) for own in members])
    return indices, np.arange(longest) < np.array([len(own) for own in members])[:, None]


def _affine(rows: Tensor, weight: Tensor) -> Tensor:
    """Products of rows ``(k, s, inputs)`` with each coalition's weights ``(k, inputs, outputs)``.

    Rows that are the same for all, ``(1, s, inputs)``, take one product.
    """
    if len(rows) == len(weight):
        return torch.bmm(rows, weight)
    k, inputs, outputs = weight.shape
    products = rows[0] @ weight.movedim(0, 1).reshape(inputs, k * outputs)
    return products.reshape(-1, k, outputs).movedim(1, 0)


def _patches(images: Tensor) -> Tensor:
    """Every second place's 3 x 3 patch, ``(images, places, 9 * channels)``, of ``(images, channels, h, w)``."""
    return functional.unfold(images, KERNEL, padding=1, stride=2).movedim(1, 2)
