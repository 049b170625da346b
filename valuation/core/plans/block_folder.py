"""Results of blocks as files in a folder, to resume from; marketplace runs keep theirs in PostgreSQL."""

import json
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

import numpy as np

from valuation.core.errors import SavedBlocksError
from valuation.core.plans.plan import Block, BlockResult, arrays_from_bytes, arrays_to_bytes

_CHECKSUM_BYTES = 32


class BlockFolder:
    """One NPZ file a block, without pickles, followed by its checksum; each knows which block of which run it answers.

    A folder belongs to one run: the same game, groups, rows, plan and seed. The files tell all of them apart but the
    utilities of the game, which nobody knows without training: name model and data in ``about``, or take another
    folder for another game.
    """

    _LABEL: ClassVar[str] = "block"

    def __init__(self, folder: str | Path, about: str = "") -> None:
        """Use ``folder``, which is made where it is missing.

        Args:
            folder: Where the files are.
            about: What the game is, in words of the caller; blocks kept under other words are refused.
        """
        self._about = about
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        """Number of blocks kept."""
        return len(list(self._folder.glob("*.npz")))

    def find(self, block: Block, run: str) -> BlockResult | None:
        """The result of a block, or ``None`` where none is kept.

        Raises:
            SavedBlocksError: The file answers another block or run, or is damaged.
        """
        path = self._path(block)
        if not path.exists():
            return None
        content = path.read_bytes()
        data = content[:-_CHECKSUM_BYTES]
        # Only what was written here is opened: nothing else can be trusted to be an archive of arrays.
        if content[-_CHECKSUM_BYTES:] != _checksum(data):
            raise SavedBlocksError(f"{path} is damaged or was not written here; delete it, and its block is run again.")
        arrays = arrays_from_bytes(data)
        if arrays.pop(self._LABEL).tobytes() != self._label(block, run):
            raise SavedBlocksError(
                f"{path} was saved by a run of another seed, budget, grouping, table or game; use a new folder."
            )
        return BlockResult(evaluations=int(arrays.pop("evaluations")), arrays=arrays)

    def keep(self, block: Block, run: str, result: BlockResult) -> None:
        """Write the result of a block; a file appears whole or not at all."""
        label = np.frombuffer(self._label(block, run), dtype=np.uint8)
        arrays = result.arrays | {self._LABEL: label, "evaluations": np.array(result.evaluations)}
        path = self._path(block)
        unfinished = path.with_suffix(".unfinished")
        data = arrays_to_bytes(arrays)
        unfinished.write_bytes(data + _checksum(data))
        unfinished.replace(path)

    def _path(self, block: Block) -> Path:
        return self._folder / f"{block.number:06d}.npz"

    def _label(self, block: Block, run: str) -> bytes:
        return json.dumps([self._about, run, asdict(block)], sort_keys=True).encode()


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECKSUM_BYTES).digest()
