"""Results of blocks as files in a folder, to resume from; marketplace runs keep theirs in PostgreSQL."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import numpy as np

from valuation.core.errors import SavedBlocksError
from valuation.core.plan import Block, BlockResult, arrays_from_bytes, arrays_to_bytes


class BlockFolder:
    """One NPZ file a block, without pickles; each knows which block of which seed it answers.

    A folder belongs to one run: the same game, groups, plan and seed. The file tells seed and block apart, not the
    game, which only the caller knows; another game needs another folder.
    """

    _LABEL: ClassVar[str] = "block"

    def __init__(self, folder: str | Path) -> None:
        """Use ``folder``, which is made where it is missing."""
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        """Number of blocks kept."""
        return len(list(self._folder.glob("*.npz")))

    def find(self, block: Block, run_seed: int) -> BlockResult | None:
        """The result of a block, or ``None`` where none is kept.

        Raises:
            SavedBlocksError: The file answers another block or seed.
        """
        path = self._path(block)
        if not path.exists():
            return None
        arrays = arrays_from_bytes(path.read_bytes())
        if arrays.pop(self._LABEL).tobytes() != _label(block, run_seed):
            raise SavedBlocksError(f"{path} was saved by a run of another seed, budget or grouping; use a new folder.")
        return BlockResult(evaluations=int(arrays.pop("evaluations")), arrays=arrays)

    def keep(self, block: Block, run_seed: int, result: BlockResult) -> None:
        """Write the result of a block; a file appears whole or not at all."""
        label = np.frombuffer(_label(block, run_seed), dtype=np.uint8)
        arrays = result.arrays | {self._LABEL: label, "evaluations": np.array(result.evaluations)}
        path = self._path(block)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(arrays_to_bytes(arrays))
        unfinished.replace(path)

    def _path(self, block: Block) -> Path:
        return self._folder / f"{block.number:06d}.npz"


def _label(block: Block, run_seed: int) -> bytes:
    return json.dumps([run_seed, asdict(block)], sort_keys=True).encode()
