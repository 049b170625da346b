"""Make the place for files where it is missing: the folder, or the bucket."""

from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Create the folder or the bucket that holds uploads and frozen inputs. Changes nothing where it is there."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if isinstance(default_storage, FileSystemStorage):
            Path(default_storage.location).mkdir(parents=True, exist_ok=True)
            return
        bucket: Any = default_storage
        client = bucket.connection.meta.client
        if bucket.bucket_name not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=bucket.bucket_name)
