"""Files are written before their rows, so that no row ever refers to nothing; what a crash leaves in between is swept.

A file that any row of any model refers to is never removed.
"""

import datetime as dt
from collections.abc import Iterator

from django.apps import apps
from django.core.files.storage import Storage
from django.db import models, transaction
from django.utils import timezone

from marketplace.models import UploadDraft

# A file younger than this may still be waiting for its row.
ORPHAN_AFTER = dt.timedelta(days=1)


def remove_after_commit(*names: str | None) -> None:
    """Remove files once the transaction has let go of them, unless another row refers to them."""
    storage = UploadDraft._meta.get_field("original").storage  # noqa: SLF001 - Django documents _meta as public
    gone = [name for name in names if name]
    if gone:
        transaction.on_commit(lambda: _remove(storage, gone))


def sweep() -> int:
    """Remove expired drafts and files without a row; returns how many files went."""
    expired = UploadDraft.objects.filter(expires_at__lt=timezone.now())
    for draft in expired.iterator():
        with transaction.atomic():
            locked = UploadDraft.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=draft.pk).first()
            if locked is not None:
                remove_after_commit(locked.original.name, locked.parquet.name)
                locked.delete()
    return sum(_sweep_folder(storage, folder) for storage, folder in _folders())


def _sweep_folder(storage: Storage, folder: str) -> int:
    try:
        _, names = storage.listdir(folder)
    except FileNotFoundError:
        return 0
    border = timezone.now() - ORPHAN_AFTER
    paths = [f"{folder}{name}" for name in names]
    return _remove(storage, [path for path in paths if storage.get_modified_time(path) < border])


def _remove(storage: Storage, paths: list[str]) -> int:
    orphans = [path for path in paths if not _is_referred_to(path)]
    for path in orphans:
        storage.delete(path)
    return len(orphans)


def _is_referred_to(path: str) -> bool:
    return any(
        field.model._default_manager.filter(**{field.name: path}).exists()  # noqa: SLF001 - Django documents _meta as public
        for field in _file_fields(apps.get_models())
    )


def _folders() -> set[tuple[Storage, str]]:
    """Where the marketplace's own models keep files."""
    fields = _file_fields(apps.get_app_config("marketplace").get_models())
    return {(field.storage, field.upload_to) for field in fields if isinstance(field.upload_to, str)}


def _file_fields(of: Iterator[type[models.Model]] | list[type[models.Model]]) -> Iterator["models.FileField"]:
    for model in of:
        for field in model._meta.concrete_fields:  # noqa: SLF001 - Django documents _meta as public
            if isinstance(field, models.FileField):
                yield field
