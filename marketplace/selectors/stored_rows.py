"""The rows behind a version, and a buyer's private rows, proved to be those whose hashes the request carries."""

import hashlib
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models.fields.files import FieldFile

from marketplace.basics.errors import FaircutError
from marketplace.models import DataRequest, DatasetVersion


class InputsChangedError(FaircutError):
    """What is stored is not what was committed."""

    code = "inputs_changed"
    status = 409


def version_table(version: DatasetVersion) -> pa.Table:
    """The checked rows of a version."""
    with version.parquet.open("rb") as stream:
        return pq.read_table(stream)


def validation_table(request: DataRequest) -> pa.Table:
    """The validation rows as they were checked.

    Raises:
        InputsChangedError: The stored file has another hash.
    """
    return _proved(request.validation_file, request.validation_sha256, "validation rows")


def base_table(request: DataRequest) -> pa.Table:
    """The rows that the buyer has already, as they were checked.

    Raises:
        InputsChangedError: The stored file has another hash.
    """
    return _proved(request.base_file, request.base_sha256, "own rows")


def _proved(file: FieldFile, sha256: str, rows: str) -> pa.Table:
    with file.open("rb") as stream:
        data = stream.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputsChangedError(
            f"The buyer's {rows} are not those whose hash was committed at opening.",
            remedy="Restore the stored file, or open a new request.",
        )
    return pq.read_table(BytesIO(data))
