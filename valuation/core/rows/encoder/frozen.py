"""An embedding that is fitted once and then stays as it is, for rows that come later and for rows of any shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import FitFailedError, InvalidDataError
from valuation.core.games.game import FloatMatrix
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.encoder import Encoder
from valuation.core.rows.encoder.inputs import Scaling, checked_features, flat_rows
from valuation.core.rows.encoder.train import train_encoder

Arrays = dict[str, npt.NDArray[Any]]

_ENCODER = "encoder:"


@dataclass(frozen=True, eq=False)
class FrozenEmbedding:
    """HCDV's ``f`` after stage I: a row's embedding does not change with the rows beside it, but for rounding.

    Attributes:
        shape: Of a row: ``(f,)``, or ``(h, w, c)`` of an image.
        fitted: An encoder, the scaling of standardised features, or ``None`` where rows are their own embedding.
        encoder_refused: Why there is no encoder where one was asked for, as a sentence; empty where all went well.
    """

    shape: tuple[int, ...]
    fitted: Encoder | Scaling | None
    encoder_refused: str = ""

    @classmethod
    def fit(
        cls, X: npt.ArrayLike, y: npt.ArrayLike, *, config: HcdvConfig, rng: np.random.Generator
    ) -> "FrozenEmbedding":
        """Fit what ``config.embedding`` asks for; where the encoder cannot be trained, standardised features serve.

        Args:
            X: ``(n, f)``, or images ``(n, h, w)`` or ``(n, h, w, c)``; finite, ``n >= 1``.
            y: Labels or numbers, ``(n,)``.
            config: Settings; the encoder's architecture is ``config.encoder.architecture``.
            rng: Source of the encoder's draws.

        Raises:
            InvalidDataError: There is no row, or features are not finite or of another shape.
        """
        rows = checked_features(X)
        if not len(rows):
            raise InvalidDataError("An embedding is fitted to at least one row.")
        refused = ""
        if config.embedding == "encoder":
            try:
                encoder = train_encoder(rows, y, task=config.task, config=config.encoder, rng=rng)
            except (InvalidDataError, FitFailedError) as error:
                refused = str(error)
            else:
                return cls(rows.shape[1:], encoder)
        return cls(rows.shape[1:], None if config.embedding == "given" else Scaling.fit(rows), refused)

    def embed(self, X: npt.ArrayLike) -> FloatMatrix:
        """Embed rows, float64 ``(n, d)``; images without an encoder become lists of their numbers.

        Raises:
            InvalidDataError: Rows have another shape than those it was fitted to, or are not finite.
        """
        rows = checked_features(X)
        if rows.shape[1:] != self.shape:
            raise InvalidDataError(f"The embedding was fitted to rows of shape {self.shape}, not {rows.shape[1:]}.")
        if isinstance(self.fitted, Encoder):
            return self.fitted.embed(rows)
        if self.fitted is not None:
            rows = self.fitted(rows)
        return flat_rows(rows)

    def to_arrays(self) -> Arrays:
        """Everything as plain arrays, for NPZ without pickles."""
        arrays: Arrays = {
            "shape": np.array(self.shape, dtype=np.int64),
            "encoder_refused": np.array(self.encoder_refused),
        }
        if isinstance(self.fitted, Encoder):
            arrays |= {_ENCODER + name: array for name, array in self.fitted.to_arrays().items()}
        elif self.fitted is not None:
            arrays |= {"centre": self.fitted.centre, "scale": self.fitted.scale}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "FrozenEmbedding":
        """Read what ``to_arrays`` wrote.

        Raises:
            InvalidDataError: An encoder among the arrays is of another format.
        """
        shape = tuple(int(length) for length in arrays["shape"])
        of_encoder = {name.removeprefix(_ENCODER): arrays[name] for name in arrays if name.startswith(_ENCODER)}
        fitted: Encoder | Scaling | None = None
        if of_encoder:
            fitted = Encoder.from_arrays(of_encoder)
        elif "scale" in arrays:
            fitted = Scaling(shape, arrays["centre"], arrays["scale"])
        return cls(shape, fitted, str(arrays["encoder_refused"]))
