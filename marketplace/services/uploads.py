"""From bytes on the wire to a checked table: streamed to a temporary file, hashed on the way, nothing stored."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.core.files.base import File

from marketplace.basics.errors import FaircutError
from marketplace.ingest import Checked, Guess, Limits, Problem, Refused, TableSchema, check, guess
from marketplace.ingest.limits import MEGABYTE


class UploadRefusedError(FaircutError):
    """The file has problems; nothing was stored."""

    code = "upload_refused"
    status = 422

    def __init__(self, filename: str, refused: Refused) -> None:
        super().__init__(
            f"{filename} was not stored: {refused.total} problems.", remedy="Mend the problems and upload it again."
        )
        self.filename = filename
        self.problems = refused.problems
        self.total = refused.total
        self.counts = refused.counts


@dataclass(frozen=True)
class Upload:
    """An uploaded file while it is being looked at; ``original`` is gone when the look ends."""

    original: BufferedRandom
    filename: str
    sha256: str
    size_bytes: int

    def checked(self, schema: TableSchema) -> Checked:
        """Check the file against a schema.

        Raises:
            UploadRefusedError: It has problems.
        """
        result = check(self.original, filename=self.filename, schema=schema, limits=limits())
        if isinstance(result, Refused):
            raise UploadRefusedError(self.filename, result)
        return result

    def guessed(self, schema: TableSchema) -> Guess:
        """Guess how to read the file.

        Raises:
            UploadRefusedError: Nothing makes it readable.
        """
        found = guess(self.original, filename=self.filename, schema=schema, limits=limits())
        if isinstance(found, Problem):
            raise refused_for(self.filename, found)
        return found


def limits() -> Limits:
    """What this marketplace takes."""
    return Limits(size_bytes=settings.FAIRCUT_UPLOAD_MAX_BYTES)


def refused_for(filename: str, problem: Problem) -> UploadRefusedError:
    """The refusal of a file for one problem."""
    return UploadRefusedError(filename, Refused((problem,), {problem.code: 1}))


@contextmanager
def received(file: "File[bytes]") -> Iterator[Upload]:
    """Stream a file to a temporary one while hashing it.

    Raises:
        UploadRefusedError: It is larger than ``FAIRCUT_UPLOAD_MAX_BYTES``.
    """
    filename = file.name or "upload"
    digest, size_bytes = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as original:
        for chunk in file.chunks():
            size_bytes += len(chunk)
            if size_bytes > settings.FAIRCUT_UPLOAD_MAX_BYTES:
                raise refused_for(filename, _too_large())
            digest.update(chunk)
            original.write(chunk)
        original.flush()
        yield Upload(original, filename, digest.hexdigest(), size_bytes)


@contextmanager
def normalised_parquet(table: pa.Table) -> Iterator[BufferedRandom]:
    """Write a checked table to a temporary Parquet file."""
    with tempfile.TemporaryFile() as parquet:
        pq.write_table(table, parquet)
        parquet.seek(0)
        yield parquet


def _too_large() -> Problem:
    return Problem(
        "byte-count",
        f"The file is larger than the {settings.FAIRCUT_UPLOAD_MAX_BYTES / MEGABYTE:,.1f} MB that are accepted.",
        "Split the rows over several datasets, or upload the table as Parquet, which is smaller.",
    )
