"""The validation rows of a request, which no seller sees: checked against its columns, kept under their hash."""

import hashlib

from django.core.files.base import File

from marketplace.models import DataRequest, User
from marketplace.services.drafts.changing import changed, forget_validation, require_unchanged
from marketplace.services.drafts.shared_rows import check_apart_from_base
from marketplace.services.requests import RequestRefusedError, check_row_count, check_target_varies, checked_schema
from marketplace.services.uploads import normalised_parquet, received

# With fewer rows the score of any model is mostly luck, and so would be every seller's share.
VALIDATION_ROWS_MIN = 100


def set_validation(*, request: DataRequest, file: "File[bytes]", by: User) -> None:
    """Check the validation rows against the columns and store them under their hash; a new file replaces the old one.

    Raises:
        NotADraftError: The request is open or closed.
        RequestRefusedError: Columns and target are not settled, there are too few or too many rows, or some of them
            are among the buyer's own rows.
        UploadRefusedError: The file has problems; nothing is stored.
    """
    table_schema = checked_schema(request.schema, request.target, request.task)
    with received(file) as incoming:
        checked = incoming.checked(table_schema)
        check_target_varies(incoming.filename, checked.profile, request.target)
        check_row_count(checked.table.num_rows)
        _check_enough_rows(checked.table.num_rows)
        if request.base_rows:
            check_apart_from_base(checked.table, request)
        with normalised_parquet(checked.table) as parquet:
            sha256 = hashlib.file_digest(parquet, "sha256").hexdigest()
            stored = DataRequest(pk=request.pk).validation_file
            stored.save(f"{request.pk}-{sha256[:12]}.parquet", File(parquet), save=False)
        try:
            with changed(request, "validation", by, uploaded_sha256=incoming.sha256) as draft:
                require_unchanged(draft, request, "schema", "target", "base_sha256")
                forget_validation(draft)
                draft.validation_file.name = stored.name
                draft.validation_sha256, draft.validation_profile = sha256, checked.profile
                draft.validation_rows = checked.table.num_rows
        except BaseException:
            stored.delete(save=False)
            raise


def _check_enough_rows(rows: int) -> None:
    if rows < VALIDATION_ROWS_MIN:
        raise RequestRefusedError(
            f"The validation file has {rows} rows; at least {VALIDATION_ROWS_MIN} are needed.",
            remedy="Add rows: with fewer, the score of any model is mostly luck.",
        )
