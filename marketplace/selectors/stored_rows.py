"""The rows behind a version, and a buyer's validation rows, proved to be those whose hash the request carries."""

import hashlib
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from marketplace.models import DataRequest, DatasetVersion
from marketplace.shared.errors import FaircutError


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
    with request.validation_file.open("rb") as stream:
        data = stream.read()
    if hashlib.sha256(data).hexdigest() != request.validation_sha256:
        raise InputsChangedError(
            "The buyer's validation rows are not those whose hash was committed at opening.",
            remedy="Restore the stored file, or open a new request.",
        )
    return pq.read_table(BytesIO(data))
