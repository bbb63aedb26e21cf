"""Photos made in code: every format, mode and trap that a test needs."""

import io
import struct
import zlib
from collections.abc import Callable

import pillow_heif
from PIL import Image, TiffImagePlugin

from apps.core.images.profiles import display_p3_profile

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 190, 40), (30, 50, 210), (230, 210, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)  # top left, top right, bottom left, bottom right

# What has to be done to an upright picture so that each EXIF orientation turns it upright again.
TURN_AWAY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def make_corners(width: int = 96, height: int = 64) -> Image.Image:
    """A picture of four colours, one a quarter, so that every turn of it looks different."""
    image = Image.new("RGB", (width, height))
    half_width, half_height = width // 2, height // 2
    for index, colour in enumerate(CORNERS):
        left, top = (index % 2) * half_width, (index // 2) * half_height
        image.paste(colour, (left, top, left + half_width, top + half_height))
    return image


def make_gradient(width: int, height: int) -> Image.Image:
    """A picture with detail everywhere, that is not the same at any two places."""
    horizontal = Image.linear_gradient("L").rotate(90).resize((width, height))
    vertical = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (horizontal, vertical, Image.radial_gradient("L").resize((width, height))))


def encode(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def make_jpeg(width: int = 96, height: int = 64, **options: object) -> bytes:
    return encode(make_corners(width, height), "JPEG", **{"quality": 90, **options})


def make_exif(orientation: int, *, software: str = "Secret camera", with_place: bool = True) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0131] = software
    exif[0x010F] = "Maker of secrets"
    if with_place:
        exif[0x8825] = {1: "N", 2: (TiffImagePlugin.IFDRational(52), 31, 12), 29: "2024:05:06"}
    return exif.tobytes()


def make_turned(orientation: int, *, file_format: str = "JPEG", size: tuple[int, int] = (96, 64)) -> bytes:
    """The corners, stored turned away, with the EXIF orientation that turns them upright."""
    image = make_corners(*size)
    if orientation in TURN_AWAY:
        image = image.transpose(TURN_AWAY[orientation])
    options = {"lossless": True} if file_format == "WEBP" else {"quality": 95}
    return encode(image, file_format, exif=make_exif(orientation), **options)


def insert_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with these marker segments behind its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def make_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def make_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def insert_chunks(png: bytes, *chunks: bytes) -> bytes:
    """The PNG with these chunks behind its header."""
    behind_header = 8 + 25
    return png[:behind_header] + b"".join(chunks) + png[behind_header:]


def make_png_header_only(width: int, height: int) -> bytes:
    """A whole PNG as far as its structure goes, of any size, with next to no picture data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + make_chunk(b"IHDR", header)
        + make_chunk(b"IDAT", zlib.compress(b"\x00"))
        + make_chunk(b"IEND", b"")
    )


def make_16_bit_png(colour_type: int, pixel: tuple[int, ...], *, size: int = 64, extra: bytes = b"") -> bytes:
    """A PNG of one colour with 16 bits a channel; Pillow itself cannot write most of these."""
    header = struct.pack(">IIBBBBB", size, size, 16, colour_type, 0, 0, 0)
    row = b"\x00" + struct.pack(f">{len(pixel)}H", *pixel) * size
    return (
        b"\x89PNG\r\n\x1a\n"
        + make_chunk(b"IHDR", header)
        + extra
        + make_chunk(b"IDAT", zlib.compress(row * size))
        + make_chunk(b"IEND", b"")
    )


def resize_jpeg_header(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size written into its frame header, and nothing else changed."""
    changed = bytearray(jpeg)
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        if (at := jpeg.find(marker)) > 0:
            changed[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(changed)


def make_photos_of_every_kind() -> dict[str, bytes]:
    """One small photo of each format and mode that is accepted."""
    corners = make_corners()
    with_alpha = corners.copy()
    with_alpha.putalpha(128)
    p3 = display_p3_profile()
    makers: dict[str, Callable[[], bytes]] = {
        "jpeg": lambda: encode(corners, exif=make_exif(6), comment=b"secret comment"),
        "jpeg progressive": lambda: encode(corners, progressive=True, icc_profile=p3),
        "jpeg grey": lambda: encode(corners.convert("L")),
        "jpeg cmyk": lambda: encode(corners.convert("CMYK")),
        "jpeg of several pictures": lambda: encode(corners, "MPO", save_all=True, append_images=[corners]),
        "png": lambda: encode(corners, "PNG", exif=make_exif(3), icc_profile=p3),
        "png alpha": lambda: encode(with_alpha, "PNG"),
        "png grey": lambda: encode(corners.convert("L"), "PNG"),
        "png grey alpha": lambda: encode(with_alpha.convert("LA"), "PNG"),
        "png bilevel": lambda: encode(corners.convert("1"), "PNG"),
        "png palette": lambda: encode(corners.quantize(16), "PNG"),
        "png palette alpha": lambda: encode(with_alpha.quantize(16), "PNG"),
        "png 16 bit grey": lambda: make_16_bit_png(0, (30000,)),
        "png 16 bit colour": lambda: make_16_bit_png(2, (30000, 60000, 5000)),
        "webp": lambda: encode(corners, "WEBP", exif=make_exif(8), icc_profile=p3, xmp=b"<secret/>"),
        "webp lossless": lambda: encode(corners, "WEBP", lossless=True),
        "webp alpha": lambda: encode(with_alpha, "WEBP"),
        "heic": lambda: encode(corners, "HEIF", exif=make_exif(6), xmp=b"<secret/>", icc_profile=p3),
        "heic of tiles": lambda: encode(make_corners(256, 128), "HEIF", tile_size=64),
        "heic alpha": lambda: encode(with_alpha, "HEIF"),
        "heic grey": lambda: encode(corners.convert("L"), "HEIF"),
    }
    return {name: make() for name, make in makers.items()}


def make_cmyk_profile_of_one_colour(lightness: int, a: int, b: int) -> bytes:
    """A print profile that turns every ink into one colour of Lab, in the encoding of eight bits."""
    identity = bytes(range(256))
    matrix = b"".join(struct.pack(">i", 65536 if index % 4 == 0 else 0) for index in range(9))
    table = b"mft1\x00\x00\x00\x00\x04\x03\x02\x00" + matrix + identity * 4
    table += bytes((lightness, a, b)) * 2**4 + identity * 3
    white = b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", 63190, 65536, 54061)
    tags, offset = b"", 128 + 4 + 2 * 12
    for signature, body in ((b"A2B0", table), (b"wtpt", white)):
        tags += struct.pack(">4sII", signature, offset, len(body))
        offset += len(body)
    header = struct.pack(">I4xI4s4s4s12x4s", offset, 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    header = header.ljust(68, b"\x00") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\x00") + struct.pack(">I", 2) + tags + table + white
