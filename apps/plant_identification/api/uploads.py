"""Reading an upload without reading more than a request may hold."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest

from apps.core.codes import ErrorCode
from apps.core.exceptions import FieldError
from apps.core.resilience.turns import Turns
from apps.core.sentences import Sentence
from apps.plant_identification import constants
from apps.plant_identification.services.photos import PhotoNotAccepted

# Held from the first byte until the caches have been asked.
UPLOAD_TURNS = Turns(constants.UPLOADS_READ_AT_ONCE, patience_s=constants.UPLOAD_PATIENCE_S)


class BoundedMemoryUploadHandler(MemoryFileUploadHandler):
    """Keeps photos in memory, and stops reading at the first byte over a limit.

    Nothing of an upload is written to disk before it has been accepted.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._file_bytes = 0
        self._request_bytes = 0

    def handle_raw_input(self, input_data: Any, meta: Any, content_length: int, *args: Any) -> None:
        if content_length > constants.MAX_REQUEST_BYTES:
            raise request_too_large()
        self.activated = True

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self._file_bytes = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._request_bytes += len(raw_data)
        if self._request_bytes > constants.MAX_REQUEST_BYTES:
            raise request_too_large()
        # One byte over the limit is kept: it shows that the photo is too large.
        room = constants.MAX_PHOTO_BYTES + 1 - self._file_bytes
        self._file_bytes += len(raw_data)
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)


def content_of(file: "UploadedFile[bytes]") -> bytes:
    """All of it, once: the request does not keep a second copy while it waits for the services."""
    with file:
        content: bytes = file.read()
    return content


def request_too_large() -> PhotoNotAccepted:
    megabytes = constants.MAX_REQUEST_BYTES // (1024 * 1024)
    message = Sentence(
        "All photos of one request together may have at most %(megabytes)d MB.", {"megabytes": megabytes}
    )
    return PhotoNotAccepted(
        message,
        code=ErrorCode.IMAGE_TOO_LARGE,
        errors=[FieldError("images", ErrorCode.IMAGE_TOO_LARGE, message)],
    )
