"""What HCDV-Inc is set to, and what it keeps between updates."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.games.game import FloatMatrix
from valuation.core.rows.blocks import TREE_ARRAYS, tree_of
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.frozen import FrozenEmbedding
from valuation.core.rows.games.cached_games import Known, games_from_arrays, games_to_arrays
from valuation.core.rows.growing.row_keys import ByteMatrix
from valuation.core.rows.tree.hierarchy import Hierarchy

FORMAT = "hcdv-inc/1"

Arrays = dict[str, npt.NDArray[Any]]

_EMBEDDING = "embedding:"
_ROWS = ("keys", "z", "y", "z_valid", "y_valid")


@dataclass(frozen=True)
class IncrementalConfig:
    """What HCDV-Inc is free to choose beside the settings of HCDV.

    Attributes:
        hcdv: Settings of the values. Context "alone" only: with the rest of the data outside, every new row would
            change every game.
        spawn_distance: ``tau``: a row at a larger cosine distance from every leaf's centroid founds a leaf.
        rebalance_every: Updates after which the tree is put back into balance, ``m``.
        imbalance_max: Largest child over its even share that balancing leaves alone, at least 1.

    Raises:
        InvalidSpecError: A setting is out of range.
    """

    hcdv: HcdvConfig
    spawn_distance: float = 0.35
    rebalance_every: int = 3
    imbalance_max: float = 1.5

    def __post_init__(self) -> None:
        """Refuse settings that no update could honour."""
        checks = (
            ("context", self.hcdv.context, self.hcdv.context == "alone", "alone"),
            ("spawn_distance", self.spawn_distance, self.spawn_distance >= 0, "at least 0"),
            ("rebalance_every", self.rebalance_every, self.rebalance_every >= 1, "at least 1"),
            ("imbalance_max", self.imbalance_max, self.imbalance_max >= 1, "at least 1"),
        )
        for setting, value, holds, expected in checks:
            if not holds:
                raise InvalidSpecError(setting, value, expected)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {**asdict(self), "hcdv": self.hcdv.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "IncrementalConfig":
        """Read what ``to_json`` returned."""
        return cls(**{**document, "hcdv": HcdvConfig.from_json(document["hcdv"])})


@dataclass(frozen=True, eq=False)
class IncrementalState:
    """All that the next update needs, without the rows' features; an update returns a new one.

    Attributes:
        config: Settings.
        seed: Of all draws, each of which also depends on what the rows it concerns contain.
        embedding: The frozen one.
        keys: Of the rows' contents, uint8 ``(n, 16)``.
        z: Their embeddings, float64 ``(n, d)``.
        y: Their targets, ``(n,)``.
        z_valid: Embeddings of the validation rows, float64 ``(m, d)``.
        y_valid: Their targets, ``(m,)``.
        tree: Tree of the rows.
        games: Local games of the tree that were played, by what their parts contain.
        empty: The metric of no row.
        updates: Updates so far.
    """

    config: IncrementalConfig
    seed: int
    embedding: FrozenEmbedding
    keys: ByteMatrix
    z: FloatMatrix
    y: npt.NDArray[Any]
    z_valid: FloatMatrix
    y_valid: npt.NDArray[Any]
    tree: Hierarchy
    games: Known
    empty: float
    updates: int = 0

    def to_arrays(self) -> Arrays:
        """Everything as plain arrays, for NPZ without pickles."""
        return {
            "format": np.array(FORMAT),
            "config": np.array(json.dumps(self.config.to_json())),
            "counters": np.array([self.seed, self.updates], dtype=np.int64),
            "empty": np.array(self.empty),
            **{name: getattr(self, name) for name in _ROWS},
            **{f"tree_{name}": getattr(self.tree, name) for name in TREE_ARRAYS},
            **{_EMBEDDING + name: array for name, array in self.embedding.to_arrays().items()},
            **games_to_arrays(self.games),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "IncrementalState":
        """Read what ``to_arrays`` wrote.

        Raises:
            InvalidDataError: The arrays are of another format.
        """
        if "format" not in arrays or str(arrays["format"]) != FORMAT:
            raise InvalidDataError(f"These arrays hold no state of format {FORMAT}.")
        seed, updates = (int(number) for number in arrays["counters"])
        of_embedding = {name.removeprefix(_EMBEDDING): arrays[name] for name in arrays if name.startswith(_EMBEDDING)}
        return cls(
            config=IncrementalConfig.from_json(json.loads(str(arrays["config"]))),
            seed=seed,
            embedding=FrozenEmbedding.from_arrays(of_embedding),
            **{name: arrays[name] for name in _ROWS},
            tree=tree_of(arrays),
            games=games_from_arrays(arrays),
            empty=float(arrays["empty"]),
            updates=updates,
        )
