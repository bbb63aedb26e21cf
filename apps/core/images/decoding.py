"""From bytes to pixels, by Pillow and libheif, for files whose structure has been read before."""

import io
import struct
import zlib
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageChops, ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from apps.core.images import libwebp
from apps.core.images.errors import PhotoUnreadable
from apps.core.images.formats.jpeg import JpegScan
from apps.core.images.formats.webp import WebPScan
from apps.core.images.grey_end import ends_in_missing_data
from apps.core.images.profiles import profile_of_code_points
from apps.core.images.slots import count_cores
from apps.core.images.types import PhotoFormat, PhotoHeader, Scan

# What decoders raise when the bytes make no sense to them, found by feeding them damaged photos of every
# format. They do not promise which, and none of it means more than that the photo is damaged.
DECODER_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# Neither thumbnails nor depth maps are wanted. A photo of tiles is decoded by several threads at once.
pillow_heif.register_heif_opener(
    thumbnails=False, depth_images=False, aux_images=False, decode_threads=min(count_cores(), 4)
)

# Only the one plugin ever sees the bytes: Pillow knows forty formats, most of them written for trusted files.
_PLUGINS: dict[PhotoFormat, str] = {"jpeg": "JPEG", "png": "PNG", "heic": "HEIF"}


@dataclass(frozen=True, slots=True)
class Decoded:
    pixels: Image.Image
    icc_profile: bytes | None


def decode(scan: Scan, *, target: tuple[int, int]) -> Decoded:
    """Decode a photo, a large JPEG only at the fraction of its size that `target` needs.

    Raises:
        PhotoUnreadable: the picture is cut off or damaged.
    """
    try:
        if isinstance(scan, WebPScan) and libwebp.is_available():
            return _decode_by_libwebp(scan)
        with _open(scan) as image:
            _check_agreement(image, scan.header)
            profile = scan.icc_profile() or _profile_told_by_decoder(image)
            image.draft(None, target)
            image.load()
            pixels = _without_file(image)
    except DECODER_FAILURES as failure:
        raise PhotoUnreadable from failure
    if isinstance(scan, JpegScan):
        if ends_in_missing_data(pixels, scan):
            raise PhotoUnreadable
        if scan.has_plain_inks:
            pixels = ImageChops.invert(pixels)  # Pillow takes all for inverted
    return Decoded(pixels, profile)


def _decode_by_libwebp(scan: WebPScan) -> Decoded:
    size = (scan.header.width, scan.header.height)
    pixels = libwebp.decode_webp(scan.bare_picture(), size=size, has_alpha=scan.has_alpha)
    return Decoded(pixels, scan.icc_profile())


def _open(scan: Scan) -> ImageFile.ImageFile:
    content = scan.bare_picture()
    file = io.BytesIO(content)
    if scan.header.format == "webp":
        return _FrugalWebPImageFile(file)
    image = Image.open(file, formats=[_PLUGINS[scan.header.format]])
    # One call of the decoder for the whole file, not one for each 64 kB: fewer waits for the interpreter.
    image.decodermaxblock = max(len(content), ImageFile.MAXBLOCK)
    return image


def _check_agreement(image: Image.Image, header: PhotoHeader) -> None:
    """Refuse a file in which the decoder sees another size than the one that was checked."""
    # HEIC may be cropped on top of what the header told, never enlarged.
    if header.format == "heic":
        if image.width * image.height > header.pixels:
            raise PhotoUnreadable
    elif image.size != (header.width, header.height):
        raise PhotoUnreadable


def _profile_told_by_decoder(image: Image.Image) -> bytes | None:
    if numbers := image.info.get("nclx_profile"):
        return profile_of_code_points(
            primaries=numbers["color_primaries"], transfer=numbers["transfer_characteristics"]
        )
    profile: bytes | None = image.info.get("icc_profile")
    return profile


def _without_file(image: ImageFile.ImageFile) -> Image.Image:
    """The same pixels in an image that holds no file, decoder or metadata, but knows a transparent colour."""
    plain = image._new(image.im)  # noqa: SLF001 - Pillow's own way to wrap pixels; copy() would double them
    plain.info = {}
    if "transparency" in image.info:
        plain.info["transparency"] = image.info["transparency"]
    return plain


class _FrugalWebPImageFile(WebPImageFile):
    """For where libwebp cannot be asked directly: lets go of the decoder before the pixels are copied.

    With its two canvases a photo of 25 megapixels takes 400 MB for a moment, without them 300.
    """

    def _get_next(self) -> tuple[bytes, int, int]:
        frame = super()._get_next()
        self._decoder = None
        return frame
