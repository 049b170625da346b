"""What the training of HCDV's encoder is free to choose."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidSpecError

Architecture = Literal["mlp", "convnet", "linear"]
Device = Literal["auto", "cpu", "cuda"]
Array = npt.NDArray[Any]


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
