"""The rows that a buyer has already, which no seller sees: sellers are paid for what theirs add to them."""

import hashlib

from django.core.files.base import File

from marketplace.models import DataRequest, User
from marketplace.services.drafts.changing import (
    changed,
    check_begins_one_way,
    forget_base,
    require_unchanged,
)
from marketplace.services.drafts.shared_rows import without_validation_rows
from marketplace.services.requests import RequestRefusedError, checked_schema
from marketplace.services.uploads import normalised_parquet, received


def set_base(*, request: DataRequest, file: "File[bytes]", is_leaving_out: bool, by: User) -> int:
    """Check the buyer's own rows against the columns and store them under their hash; a new file replaces the old one.

    Rows that are also validation rows are left out where that is asked for; returns how many were.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: Columns, target or validation rows are not settled, rows are shared with the validation
            file, or the model is to be filled up.
        UploadRefusedError: The file has problems; nothing is stored.
    """
    table_schema = checked_schema(request.schema, request.target, request.task)
    if not request.validation_rows:
        raise RequestRefusedError(
            "There is no validation file to hold your own rows against yet.", remedy="Upload the validation file first."
        )
    with received(file) as incoming:
        checked = incoming.checked(table_schema).table
        check_begins_one_way(model_spec=request.model_spec, base_rows=checked.num_rows)
        table = without_validation_rows(checked, request, is_leaving_out=is_leaving_out)
        with normalised_parquet(table) as parquet:
            sha256 = hashlib.file_digest(parquet, "sha256").hexdigest()
            stored = DataRequest(pk=request.pk).base_file
            stored.save(f"{request.pk}-{sha256[:12]}.parquet", File(parquet), save=False)
        try:
            with changed(request, "own rows", by, uploaded_sha256=incoming.sha256) as draft:
                require_unchanged(draft, request, "schema", "target", "validation_sha256", "model_spec")
                forget_base(draft)
                draft.base_file.name = stored.name
                draft.base_sha256, draft.base_rows = sha256, table.num_rows
        except BaseException:
            stored.delete(save=False)
            raise
    return int(checked.num_rows - table.num_rows)


def remove_base(*, request: DataRequest, by: User) -> None:
    """Go on without rows of the buyer's own.

    Raises:
        NotADraftError: The request is open or closed.
    """
    with changed(request, "own rows removed", by) as draft:
        forget_base(draft)
