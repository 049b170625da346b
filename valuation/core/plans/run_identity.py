"""What tells one run from another before anything is computed: seed, players, groups and rows."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import Game, IndexVector, is_rowwise
from valuation.core.games.rows import PooledRows


def run_identity(seed: int, game: Game, groups: Sequence[IndexVector], rows: PooledRows | None) -> str:
    """Hash of all that a run is made of but its plan, which its blocks carry, and the utilities of its game.

    Args:
        seed: Seed of the run.
        game: Its number of players, and whether it scores row by row; utilities cannot be told without training.
        groups: Row indices of each seller, in order.
        rows: What the rows hold, where the run looks at them.

    Returns:
        64 hexadecimal digits. Arrays are told apart by type, shape and content.
    """
    found = blake2b(repr((seed, game.n_players, is_rowwise(game))).encode(), digest_size=32)
    for group in groups:
        found.update(b"".join(_parts(np.asarray(group, dtype=np.int64))))
    if rows is not None:
        arrays = (rows.X, rows.y, rows.X_valid, rows.y_valid, rows.X_base, rows.y_base)
        for array in (array for array in arrays if array is not None):
            found.update(b"".join(_parts(array)))
    return found.hexdigest()


def _parts(array: npt.NDArray[Any]) -> Iterator[bytes]:
    # Objects (texts) have no bytes of their own.
    content = repr(array.tolist()).encode() if array.dtype.hasobject else np.ascontiguousarray(array).tobytes()
    yield repr((array.dtype.str, array.shape, len(content))).encode()
    yield content
