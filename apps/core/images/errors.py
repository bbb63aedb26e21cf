"""Why a photo is not taken.

DomainError
├── PhotoRefused              something about this photo, told to its sender
│   ├── PhotoMissing          no photo came with the request
│   ├── PhotoEmpty            no bytes
│   ├── PhotoTooLarge         too many bytes
│   ├── PhotoTypeUnsupported  not a JPEG, PNG, WebP or HEIC, or a variant nobody takes photos in
│   ├── PhotoAnimated         more than one frame to be shown one after the other
│   ├── PhotoTooManyPixels
│   ├── PhotoTooSmall
│   └── PhotoUnreadable       cut off or damaged
└── ImageWorkersBusy          nothing about the photo: every place for decoding is taken
"""

from collections.abc import Mapping

from apps.core.codes import ErrorCode
from apps.core.exceptions import DomainError
from apps.core.sentences import Sentence, Words


class PhotoRefused(DomainError):
    """This photo cannot be used. `message` says what to do about it; `limit` names the numbers involved."""

    code = ErrorCode.IMAGE_UNREADABLE
    detail = Sentence("This photo cannot be used. Please send another one.")

    def __init__(self, message: Words | None = None, *, limit: Mapping[str, int] | None = None) -> None:
        super().__init__(message)
        self.limit: Mapping[str, int] = dict(limit or {})

    @property
    def message(self) -> str:
        return str(self.detail)


class PhotoMissing(PhotoRefused):
    code = ErrorCode.IMAGE_MISSING
    detail = Sentence("No photo was sent. Please attach a photo of the plant.")


class PhotoEmpty(PhotoRefused):
    code = ErrorCode.IMAGE_EMPTY
    detail = Sentence("The photo is empty. Please choose it again; it may not have been copied completely.")


class PhotoTooLarge(PhotoRefused):
    code = ErrorCode.IMAGE_TOO_LARGE

    def __init__(self, *, size_bytes: int, max_bytes: int) -> None:
        super().__init__(
            Sentence(
                "The photo is larger than %(megabytes)d MB. Please send a smaller copy.",
                {"megabytes": round(max_bytes / 1024 / 1024)},
            ),
            limit={"max_bytes": max_bytes, "bytes": size_bytes},
        )


class PhotoTypeUnsupported(PhotoRefused):
    code = ErrorCode.IMAGE_TYPE_UNSUPPORTED
    detail = Sentence("This is not a photo we can read. Please send a JPEG, PNG, WebP or HEIC.")


class PhotoAnimated(PhotoRefused):
    code = ErrorCode.IMAGE_ANIMATED
    detail = Sentence("This picture is animated. Please send a single photo.")


class PhotoTooManyPixels(PhotoRefused):
    code = ErrorCode.IMAGE_TOO_MANY_PIXELS

    def __init__(self, *, width: int, height: int, max_pixels: int) -> None:
        super().__init__(
            Sentence(
                "The photo has %(width)d x %(height)d pixels; photos of this kind may have "
                "%(megapixels)d megapixels. Please send a smaller copy.",
                {"width": width, "height": height, "megapixels": round(max_pixels / 1_000_000)},
            ),
            limit={"max_pixels": max_pixels, "width": width, "height": height},
        )


class PhotoTooSmall(PhotoRefused):
    code = ErrorCode.IMAGE_TOO_SMALL

    def __init__(self, *, width: int, height: int, min_side: int) -> None:
        super().__init__(
            Sentence(
                "The photo has only %(width)d x %(height)d pixels; each side needs at least %(min_side)d. "
                "Please send the original photo, not a thumbnail.",
                {"width": width, "height": height, "min_side": min_side},
            ),
            limit={"min_side": min_side, "width": width, "height": height},
        )


class PhotoUnreadable(PhotoRefused):
    code = ErrorCode.IMAGE_UNREADABLE
    detail = Sentence("The photo is damaged or incomplete. Please send it again or choose another one.")


class ImageWorkersBusy(DomainError):
    """Every place for decoding stayed taken for as long as the caller was willing to wait."""

    code = ErrorCode.BUSY
    detail = Sentence("Many photos are being prepared at the moment. Please try again in a few seconds.")
