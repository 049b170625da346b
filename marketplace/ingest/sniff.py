"""What kind of file this is, told from its bytes and not from its name."""

import codecs
import os
from typing import BinaryIO, Literal

from marketplace.ingest.limits import MEGABYTE, Limits
from marketplace.ingest.problems import Problem, shorten
from marketplace.ingest.reading import ENCODINGS

Format = Literal["csv", "parquet"]
CHUNK_BYTES = 1 << 20
PARQUET_MAGIC = b"PAR1"
ENCRYPTED_PARQUET_MAGIC = b"PARE"
SAVE_AS_CSV = "Save the table as “CSV UTF-8 (comma delimited)” and upload that file."
FOREIGN_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ\x90\x00", "a program (EXE)"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1", "an Arrow (Feather) file"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
)
WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def size_of(stream: BinaryIO) -> int:
    """Bytes in a seekable stream, which is left at its start."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return size


def name_problem(filename: str, limits: Limits) -> Problem | None:
    """Refuse file names that no page could show."""
    if len(filename) <= limits.filename_chars and filename.isprintable():
        return None
    return Problem(
        "length-constraint",
        f"The file name has {len(filename)} characters or holds unprintable ones; "
        f"at most {limits.filename_chars} printable characters are accepted.",
        "Give the file a short plain name and upload it again.",
        value=shorten(filename),
    )


def size_problem(size_bytes: int, limits: Limits) -> Problem | None:
    """Refuse files that hold nothing or too much."""
    if size_bytes == 0:
        return Problem(
            "source-error", "The file is empty (0 bytes).", "Export the table again and check that the file holds it."
        )
    if size_bytes > limits.size_bytes:
        return Problem(
            "byte-count",
            f"The file has {size_bytes / MEGABYTE:,.1f} MB; "
            f"at most {limits.size_bytes / MEGABYTE:,.1f} MB are accepted.",
            "Split the rows over several datasets, or upload the table as Parquet, which is smaller.",
        )
    return None


def tell_format(stream: BinaryIO, filename: str) -> Format | Problem:
    """Tell CSV from Parquet by content; anything else is named and refused."""
    stream.seek(0)
    head = stream.read(16)
    if head.startswith((PARQUET_MAGIC, ENCRYPTED_PARQUET_MAGIC)):
        return "parquet"
    for magic, name in FOREIGN_MAGIC:
        if head.startswith(magic):
            return Problem(
                "format-error", f"The file is {name}; a CSV or Parquet file is expected.", SAVE_AS_CSV, value=None
            )
    if filename.lower().endswith((".parquet", ".pq")):
        return Problem(
            "format-error",
            "The file is named as Parquet, but does not begin with the mark of one (PAR1).",
            "Write the Parquet file again and upload it whole, or upload a CSV file.",
        )
    return "csv"


def text_problem(stream: BinaryIO, encoding: str = "utf-8") -> Problem | None:
    """Check in one pass that the bytes are text of this encoding without NUL; a byte order mark is fine."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line_feeds = 0, 0
    while True:
        chunk = stream.read(CHUNK_BYTES)
        if offset == 0 and encoding != "utf-16" and (found := _wide_encoding(chunk)):
            return Problem(
                "encoding-error",
                f"The file is {found} text; {ENCODINGS[encoding]} is expected.",
                SAVE_AS_CSV,
                value=found,
            )
        if offset == 0 and encoding == "utf-16" and not chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            # Without the mark nobody knows which byte comes first.
            return _encoding_problem(0, 1, chunk[0] if chunk else 0, encoding)
        if encoding != "utf-16" and (nul := chunk.find(b"\0")) >= 0:
            return _nul_problem(offset + nul, row=line_feeds + chunk.count(b"\n", 0, nul) + 1)
        held_back = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            at = offset - held_back + error.start
            row = line_feeds + chunk.count(b"\n", 0, max(error.start - held_back, 0)) + 1
            return _encoding_problem(at, row, error.object[error.start], encoding)
        if encoding == "utf-16" and "\0" in text:
            return _nul_problem(offset, row=line_feeds + 1)
        if not chunk:
            return None
        offset += len(chunk)
        line_feeds += chunk.count(b"\n")


def _wide_encoding(head: bytes) -> str | None:
    for bom, encoding in WIDE_BOMS:
        if head.startswith(bom):
            return encoding
    sample = head[:400]
    # Latin letters in UTF-16 are every second byte NUL; no CSV export without a mark is anything else.
    for start in (0, 1):
        half = sample[start::2]
        if len(half) > 3 and half.count(0) > 0.8 * len(half):  # noqa: PLR2004
            return "UTF-16"
    return None


def _nul_problem(offset: int, row: int) -> Problem:
    return Problem(
        "format-error",
        f"Byte {offset:,} is NUL (0x00), so this is a binary file and not a CSV file.",
        SAVE_AS_CSV,
        row=row,
        value="\\x00",
    )


def _encoding_problem(offset: int, row: int, byte: int, encoding: str) -> Problem:
    if encoding == "utf-8":
        remedy = "Save the file again with the encoding UTF-8; it may be Windows-1252 or Latin-1 now."
    else:
        remedy = "Choose another encoding in step 2, or save the file again with the encoding UTF-8."
    return Problem(
        "encoding-error",
        f"The byte at offset {offset:,} (0x{byte:02x}) is not {ENCODINGS[encoding]} text.",
        remedy,
        row=row,
        value=f"\\x{byte:02x}",
    )
