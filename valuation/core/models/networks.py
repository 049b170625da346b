"""Small neural networks as games; torch is loaded when a coalition is trained, not before."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError
from valuation.core.models.convolutions import CELLS, KERNEL
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import BoolArray, FloatArray, GameRows, IntArray, Predictions, UtilityGame

if TYPE_CHECKING:
    from valuation.core.models.network_training import Network

Weights = dict[str, FloatArray]

# Numbers of one group of coalitions in training: on a processor what its cache holds, on a GPU what fills it.
GROUP_NUMBERS = {"cpu": 2_000_000, "cuda": 200_000_000}
GROUP_MAX = {"cpu": 64, "cuda": 2048}
# Least share of the group's largest coalition: the rest is filled up with rows that count for nothing.
SIZE_RATIO = 0.7


class NetworkUtility(UtilityGame):
    """A network trained by Adam on all rows of a coalition at every step, from the same first weights for all.

    A coalition S minimises ``(sum_{i in S} a_i loss_i + alpha |W|^2 / 2) / |S|``, biases free: cross-entropy over the
    classes that S has (those it lacks get probability 0; ``a_i`` is 1 or, with class weights, what makes these classes
    weigh alike), or half the squared error of targets standardised by S. Neither row order nor batches drawn at random
    are part of the game: the spec's seed draws the first weights, and nothing else is random. Everything is float64, so
    that a coalition's utility does not depend on which others it is trained beside but in its last bits.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
    """

    cost_note = "One evaluation: one product with the coalition's rows and one back, an epoch and a layer."

    def __init__(self, spec: ModelSpec, rows: GameRows, *, device: Literal["auto", "cpu"] = "auto") -> None:
        """Draw the first weights."""
        super().__init__(spec, rows)
        self._wanted_device = device
        self._n_outputs = self._n_classes or 1
        self._first = self._first_weights(np.random.default_rng(spec.seed))

    def _first_weights(self, rng: np.random.Generator) -> Weights:
        """Weights before training, by name."""
        raise NotImplementedError

    def _numbers_per_row(self) -> int:
        """About how many numbers one row keeps in training."""
        return int(self._X.shape[1] + sum(2 * weight.shape[-1] for weight in self._first.values()))

    @cached_property
    def device(self) -> str:
        """Where networks are trained: the GPU where there is one and ``device="auto"``, else the processor."""
        import torch  # noqa: PLC0415 - loading the house must not load torch

        return "cuda" if self._wanted_device == "auto" and torch.cuda.is_available() else "cpu"

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        from valuation.core.models.network_training import Network  # noqa: PLC0415 - it loads torch

        at_once = max(1, GROUP_NUMBERS[self.device] // (self.n_valid * self._numbers_per_row()))
        network = Network(self.spec, self._first, self._X, self._X_valid, predicted_at_once=at_once, device=self.device)
        # A coalition that comes twice is trained once: it saves time, and both get the same bits.
        _, places, place_of = np.unique(np.packbits(coalitions, axis=1), axis=0, return_index=True, return_inverse=True)
        for group in self._groups(coalitions[places].sum(axis=1)):
            outputs = self._outputs(network, coalitions[places[group]])
            # Where training diverged there is no model; minus infinity marks classes that a coalition lacks.
            trained = np.flatnonzero(~(np.isnan(outputs) | (outputs == np.inf)).any(axis=(1, 2)))
            row_of = np.full(len(places), -1)
            row_of[group[trained]] = trained
            rows = row_of[place_of.ravel()]
            yield np.flatnonzero(rows >= 0), self._needed(outputs)[rows[rows >= 0]]

    def _outputs(self, network: "Network", coalitions: BoolArray) -> FloatArray:
        if self.spec.task == "regression":
            return network.regress(coalitions, self._y)
        return network.classify(coalitions, self._y, self._classes_present(coalitions), self._row_weights(coalitions))

    def _groups(self, sizes: IntArray) -> Iterator[IntArray]:
        """Cut a batch, in order of size, into groups alike in size."""
        order = np.argsort(-sizes, kind="stable")
        first = 0
        while first < len(order):
            largest = int(sizes[order[first]])
            fitting = GROUP_NUMBERS[self.device] // (largest * self._numbers_per_row())
            alike = order[first : first + max(1, min(GROUP_MAX[self.device], fitting))]
            alike = alike[sizes[alike] >= SIZE_RATIO * largest]
            yield alike
            first += len(alike)

    def _needed(self, outputs: FloatArray) -> NDArray[Any]:
        """What the metric needs, from numbers or from log probabilities, float64 ``(k, m, outputs)``."""
        if self.metric.facts.needs == "numbers":
            return outputs[:, :, 0]
        if self.metric.facts.needs == "labels":
            return np.asarray(outputs.argmax(axis=2))
        if self.metric.facts.needs == "scores" and self._n_classes == 2:  # noqa: PLR2004
            return np.asarray(outputs[:, :, 1] - outputs[:, :, 0])
        return np.asarray(np.exp(outputs))


def _normal(rng: np.random.Generator, fan_in: int, fan_out: int, gain: float) -> FloatArray:
    return np.asarray(rng.standard_normal((fan_in, fan_out)) * np.sqrt(gain / fan_in))


class MlpUtility(NetworkUtility):
    """Layers of rectified linear units; with one hidden layer of h units, ``W2 max(0, W1 x + b1) + b2``."""

    wide: ClassVar[bool] = False

    def _first_weights(self, rng: np.random.Generator) -> Weights:
        weights, width = {}, self._X.shape[1]
        for layer in range(self.spec.params["hidden_layers"]):
            units = self.spec.params["hidden_units"]
            weights[f"hidden{layer}"] = _normal(rng, width, units, 2.0)
            weights[f"hidden{layer}.bias"] = np.zeros((1, units))
            width = units
        weights["output"] = _normal(rng, width, self._n_outputs, 1.0)
        weights["output.bias"] = np.zeros((1, self._n_outputs))
        if self.wide:
            weights["wide"] = np.zeros((self._X.shape[1], self._n_outputs))
        return weights


class WideAndDeepUtility(MlpUtility):
    """A linear model of the features beside an MLP, trained as one: their outputs are added."""

    wide = True


class ConvNetUtility(NetworkUtility):
    """Two 3 x 3 convolutions of stride 2 with rectified linear units, averaged to 4 x 4 cells, and a linear layer.

    A row's features are an image's pixels: channel by channel, each row by row. Without ``image_height`` images are
    square.
    """

    cost_note = "One evaluation: two convolutions of the coalition's images forth and back, an epoch."

    def _first_weights(self, rng: np.random.Generator) -> Weights:
        channels, height, width = self.image_shape
        filters = self.spec.params["filters"]
        cells = np.prod([min(CELLS, -(-side // 4)) for side in (height, width)], dtype=int)
        return {
            "convolution0": _normal(rng, KERNEL**2 * channels, filters, 2.0),
            "convolution0.bias": np.zeros((1, filters)),
            "convolution1": _normal(rng, KERNEL**2 * filters, 2 * filters, 2.0),
            "convolution1.bias": np.zeros((1, 2 * filters)),
            "output": _normal(rng, 2 * filters * int(cells), self._n_outputs, 1.0),
            "output.bias": np.zeros((1, self._n_outputs)),
        }

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width.

        Raises:
            InvalidDataError: The features are not the pixels of such an image.
        """
        channels, height = self.spec.params["image_channels"], self.spec.params["image_height"]
        pixels = self._X_valid.shape[1] // channels
        height = height or round(pixels**0.5)
        width = pixels // max(1, height)
        if channels * height * width != self._X_valid.shape[1] or not pixels:
            shape = f"of height {height}" if self.spec.params["image_height"] else "that is square"
            raise InvalidDataError(
                f"{self._X_valid.shape[1]} features are not the pixels of an image {shape} in {channels} channels."
            )
        return channels, height, width

    def _numbers_per_row(self) -> int:
        channels, height, width = self.image_shape
        return int(KERNEL**2 * height * width * (channels + self.spec.params["filters"]) // 3)
