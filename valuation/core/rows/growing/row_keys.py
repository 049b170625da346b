"""Names of rows and of sets of rows by what they contain, never by where they stand."""

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import IndexVector
from valuation.core.rows.encoder.inputs import flat_rows

ByteMatrix = npt.NDArray[np.uint8]

KEY_BYTES = 16


def row_keys(X: npt.NDArray[Any], y: npt.NDArray[Any]) -> ByteMatrix:
    """A key of each row's features and target: equal for equal rows, different for others but for odds of 2^-64.

    Args:
        X: Features, ``(n, ...)``; compared as float64, with one zero.
        y: Numbers, compared as float64, or texts, ``(n,)``.

    Returns:
        uint8 ``(n, 16)``.

    Raises:
        InvalidDataError: Targets are neither numbers nor texts.
    """
    features = np.ascontiguousarray(flat_rows(np.asarray(X, dtype=np.float64)) + 0.0)
    if y.dtype.kind in "biuf":
        targets = [number.tobytes() for number in y.astype(np.float64) + 0.0]
    elif y.dtype.kind == "U":
        targets = [str(text).encode() for text in y]
    else:
        raise InvalidDataError(f"Targets must be numbers or texts, not {y.dtype}.")
    keys = [_digest(row.tobytes() + target) for row, target in zip(features, targets, strict=True)]
    return np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), KEY_BYTES)


def ranks_of(keys: ByteMatrix) -> IndexVector:
    """Place of each row in the order of the keys, int ``(n,)``; rows alike stand in the order given."""
    ranks = np.empty(len(keys), dtype=np.intp)
    ranks[np.lexsort(keys.T[::-1])] = np.arange(len(keys))
    return ranks


def key_of(parts: bytes, what: str = "") -> bytes:
    """A key of keys put one after the other, and of what they are."""
    return _digest(what.encode() + b"|" + parts)


def seeded(seed: int, key: bytes) -> np.random.Generator:
    """The generator of whatever has this key: the same in every update, on every machine."""
    return np.random.default_rng([seed, int.from_bytes(key, "little")])


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=KEY_BYTES).digest()
