"""Stage I of HCDV: an encoder in whose space rows of unlike target lie apart. torch is loaded when one is used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.rows.dispersion import unit_rows
from valuation.core.rows.encoder.config import Array, EncoderConfig
from valuation.core.rows.encoder.inputs import Scaling, checked_features, flat_rows

_WEIGHT = "weight:"
FORMAT = "hcdv-encoder/1"


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
        from valuation.core.rows.encoder import networks as encoder_networks  # noqa: PLC0415  (torch, only where an encoder is used)

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
