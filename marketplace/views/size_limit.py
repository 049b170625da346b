"""Uploads that are too large are read to their end and dropped, so that the answer arrives."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class SizeLimit(FileUploadHandler):
    """Stops keeping a file's bytes once they are too many; the rest is read and dropped, so that the answer arrives."""

    received_bytes = 0

    @property
    def is_exceeded(self) -> bool:
        return self.received_bytes > int(settings.FAIRCUT_UPLOAD_MAX_BYTES)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        self.received_bytes += len(raw_data)
        if self.is_exceeded:
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002 - Django's signature; the next handler keeps the file
        return None
