"""Stage I of HCDV: an encoder in whose space rows of unlike target lie apart. torch is loaded when one is used."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.games import FloatMatrix, FloatVector
from valuation.core.hcdv.balanced_kmeans import content_order
from valuation.core.hcdv.dispersion import Task, unit_rows
from valuation.core.hcdv.encoder_inputs import Scaling, checked_features, flat_rows

Architecture = Literal["mlp", "convnet", "linear"]
Device = Literal["auto", "cpu", "cuda"]
Array = npt.NDArray[Any]

_WEIGHT = "weight:"
FORMAT = "hcdv-encoder/1"


@dataclass(frozen=True)
class EncoderConfig:
    """What the training of an encoder is free to choose; all of it can be written as JSON.

    Attributes:
        architecture: ``mlp`` for tables, ``convnet`` for images, ``linear`` for ready-made embeddings; ``None`` takes
            ``convnet`` where a row is an image and ``mlp`` where it is a list of features.
        dimensions: Length ``d`` of an embedding.
        hidden: Units of each hidden layer of an ``mlp``, channels of each convolution of a ``convnet``; ``None`` takes
            one layer of 64 units, or convolutions of 16 and 32 channels.
        dispersion_weight: ``lambda`` of equation 10, at least 0.
        smoothness_weight: ``alpha`` of equation 10, at least 0; at 0 double back-propagation is left out.
        epochs: Passes over the rows.
        batch_size: Most rows of a batch.
        learning_rate: Of Adam, at the start; it falls to 0 along a line.
        weight_decay: Part of the weights taken away per unit of learning rate.
        device: Where to train: ``auto`` takes a GPU where there is one.

    Raises:
        InvalidSpecError: A setting is out of range.
    """

    architecture: Architecture | None = None
    dimensions: int = 16
    hidden: tuple[int, ...] | None = None
    dispersion_weight: float = 0.3
    smoothness_weight: float = 0.1
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    device: Device = "auto"

    def __post_init__(self) -> None:
        """Refuse settings that no training could honour."""
        checks = (
            ("architecture", self.architecture in {None, "mlp", "convnet", "linear"}, "mlp, convnet, linear or None"),
            ("dimensions", 1 <= self.dimensions <= 1024, "1 to 1024"),  # noqa: PLR2004
            ("hidden", all(1 <= units <= 4096 for units in self.hidden or ()), "numbers of 1 to 4096"),  # noqa: PLR2004
            ("dispersion_weight", 0 <= self.dispersion_weight < np.inf, "at least 0"),
            ("smoothness_weight", 0 <= self.smoothness_weight < np.inf, "at least 0"),
            ("epochs", 1 <= self.epochs <= 10_000, "1 to 10000"),  # noqa: PLR2004
            ("batch_size", self.batch_size >= 2, "at least 2"),  # noqa: PLR2004
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0, at most 1"),
            ("weight_decay", 0 <= self.weight_decay <= 1, "0 to 1"),
            ("device", self.device in {"auto", "cpu", "cuda"}, "auto, cpu or cuda"),
        )
        for field, holds, expected in checks:
            if not holds:
                raise InvalidSpecError(field, getattr(self, field), expected)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {**asdict(self), "hidden": None if self.hidden is None else list(self.hidden)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "EncoderConfig":
        """Read a decoded JSON object; absent keys take their defaults.

        Raises:
            InvalidSpecError: A key is unknown or a setting is out of range.
        """
        for key in document:
            if key not in cls.__dataclass_fields__:
                raise InvalidSpecError(f"encoder.{key}", document[key], f"one of {', '.join(cls.__dataclass_fields__)}")
        settings = dict(document)
        if settings.get("hidden") is not None:
            settings["hidden"] = tuple(settings["hidden"])
        return cls(**settings)


@dataclass(frozen=True, eq=False)
class Encoder:
    """A trained encoder ``f``, frozen: it embeds any rows of the shape it was trained on, on the unit sphere.

    Attributes:
        config: Settings it was trained with, architecture and hidden layers filled in.
        scaling: What is done to features before the network sees them.
        weights: The network's float32 arrays by name.
        objective: Mean of equation 10 over the batches of each epoch, float64 ``(epochs,)``.
    """

    config: EncoderConfig
    scaling: Scaling
    weights: Mapping[str, Array]
    objective: FloatVector

    def embed(self, features: npt.ArrayLike) -> FloatMatrix:
        """Embed rows.

        Each distinct row is embedded once, in content order and in double precision on the CPU: rows alike get the
        same bits, and no row's embedding depends on the order of the others.

        Args:
            features: ``(n, f)``, or images ``(n, h, w)`` or ``(n, h, w, c)``, shaped as in training.

        Returns:
            float64 ``(n, dimensions)``, rows of length 1.

        Raises:
            InvalidDataError: The shape differs from training's, or a feature is not finite.
        """
        rows = checked_features(features)
        if rows.shape[1:] != self.scaling.shape:
            raise InvalidDataError(f"The encoder was trained on rows of shape {self.scaling.shape}.")
        if not len(rows):
            return np.zeros((0, self.config.dimensions))
        from valuation.core.hcdv import encoder_networks  # noqa: PLC0415  (torch, only where an encoder is used)

        distinct, place = np.unique(flat_rows(rows), axis=0, return_inverse=True)
        scaled = self.scaling(distinct.reshape(-1, *self.scaling.shape))
        return unit_rows(encoder_networks.embed_all(self.weights, scaled))[place.reshape(-1)]

    def to_arrays(self) -> dict[str, Array]:
        """Everything as plain arrays, for NPZ without pickles; texts are arrays of characters."""
        return {
            "format": np.array(FORMAT),
            "config": np.array(json.dumps(self.config.to_json())),
            "shape": np.array(self.scaling.shape, dtype=np.int64),
            "centre": self.scaling.centre,
            "scale": self.scaling.scale,
            "objective": self.objective,
            **{_WEIGHT + name: weight for name, weight in self.weights.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Encoder":
        """Read what ``to_arrays`` wrote.

        Raises:
            InvalidDataError: The arrays are none of an encoder's, or of another format.
        """
        if "format" not in arrays or str(arrays["format"]) != FORMAT:
            raise InvalidDataError(f"These arrays hold no encoder of format {FORMAT}.")
        shape = tuple(int(length) for length in arrays["shape"])
        return cls(
            EncoderConfig.from_json(json.loads(str(arrays["config"]))),
            Scaling(shape, arrays["centre"], arrays["scale"]),
            {name.removeprefix(_WEIGHT): arrays[name] for name in arrays if name.startswith(_WEIGHT)},
            arrays["objective"],
        )


def train_encoder(
    features: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    task: Task,
    config: EncoderConfig,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> Encoder:
    """Train the encoder of HCDV's stage I.

    Maximises ``E_batch[M + lambda * dispersion] - alpha * Omega`` (HCDV, arXiv:2512.19363, equation 10) over the
    encoder and a linear head on it. ``M`` cannot be differentiated; its surrogate is minus the head's cross-entropy,
    or minus its squared error of standardised targets. The dispersion is the mean cosine distance of pairs of
    different labels (equation 18), or of all pairs weighted by ``|y_i - y_j|``. ``Omega`` is the mean over pairs of
    ``||grad_x_p d(f(x_p), f(x_q))||^2``, by double back-propagation.

    Owners are no input, and rows are taken in content order: the order given changes no bit of the encoder.

    Args:
        features: Finite ``(n, f)``, or images ``(n, h, w)`` or ``(n, h, w, c)``; ``n >= 1``.
        targets: Labels or finite numbers, ``(n,)``, as ``task`` says.
        task: What the targets are.
        config: Settings.
        rng: Source of the first weights, the batches and the pairs. The same state gives the same bits on a CPU (one
            thread is used, whatever the process has); a GPU promises no bits.
        progress: Told epochs done and epochs in all, after each.

    Returns:
        The encoder. O(epochs n) time, one more forward and two more backward passes a batch for ``Omega``.

    Raises:
        InvalidDataError: There is no row, shapes do not fit, or something is not finite.
        InvalidSpecError: The architecture does not fit the rows, or there is no GPU where one is asked for.
        FitFailedError: The objective was not finite.

    Note:
        ``f`` ends on the unit sphere, so that the tree's Euclidean and the dispersion's cosine distances agree.
        ``Omega`` is a mean, not a sum, over pairs, and each row of a batch is paired with one other at random: an
        unbiased estimate at a cost that does not grow with the square of the batch.
    """
    rows = checked_features(features)
    if not len(rows):
        raise InvalidDataError("There is no row to train an encoder on.")
    wanted = np.asarray(targets)
    if wanted.shape != (len(rows),):
        raise InvalidDataError(f"{len(rows)} rows need as many targets, not an array of shape {wanted.shape}.")
    from valuation.core.hcdv import encoder_training  # noqa: PLC0415  (torch, only where an encoder is used)

    known = encoder_training.known_targets(wanted, task)
    order = content_order(flat_rows(rows), known.values)
    return encoder_training.fit(rows[order], known.taken(order), config, rng, progress)
