"""Photos as phones, cameras and image programs write them, each with the picture it has to come out as."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageChops

from apps.core.images.profiles import display_p3_profile
from apps.core.tests import image_factory as factory
from tests.photos import colours, pngs
from tests.photos.colours import Colour
from tests.photos.edits import drop_segment, make_video, write_exif_orientation

SIZE = (96, 64)
CORNERS: tuple[Colour, ...] = factory.CORNERS
GREYS = tuple(colours.luminance(colour) for colour in CORNERS)
GREYS_1 = tuple(grey[:1] for grey in GREYS)
ALPHA = 128
FADED = tuple(colours.on_white(colour, ALPHA) for colour in CORNERS)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# Full inks of the four corners, and what the profile below makes of them.
INKS = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
PRINTED = ((30, 120, 180), (190, 40, 120), (240, 220, 60), (40, 40, 45))


@dataclass(frozen=True)
class Wild:
    content: bytes
    corners: tuple[Colour, ...] = CORNERS
    size: tuple[int, int] = SIZE
    tolerance: int = 6


Makers = dict[str, Callable[[], Wild]]


def corner_index(x: int, y: int, size: tuple[int, int] = SIZE) -> int:
    return (x >= size[0] // 2) + 2 * (y >= size[1] // 2)


def paint(of_corners: tuple[object, ...], mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, SIZE)
    for index, colour in enumerate(of_corners):
        left, top = index % 2 * SIZE[0] // 2, index // 2 * SIZE[1] // 2
        image.paste(colour, (left, top, left + SIZE[0] // 2, top + SIZE[1] // 2))
    return image


def encode_corners(file_format: str = "JPEG", **options: object) -> bytes:
    return factory.encode(factory.make_corners(*SIZE), file_format, **{"quality": 95, **options})


def make_jpegs() -> Makers:
    other = Image.new("RGB", SIZE, "white")
    exif, xmp = factory.make_exif(1), b"http://ns.adobe.com/xap/1.0/\x00<x GCamera:MotionPhoto='1'/>"
    exif_with_thumbnail = exif + factory.encode(Image.new("RGB", (160, 120), "black"))
    several = {"save_all": True, "append_images": [other], "exif": exif}
    return {
        "jpeg": lambda: Wild(encode_corners()),
        "jpeg without subsampling": lambda: Wild(encode_corners(subsampling="4:4:4")),
        "jpeg 4:2:2": lambda: Wild(encode_corners(subsampling="4:2:2")),
        "jpeg optimised": lambda: Wild(encode_corners(optimize=True)),
        "jpeg progressive": lambda: Wild(encode_corners(progressive=True)),
        "jpeg with restarts in each row": lambda: Wild(encode_corners(restart_marker_rows=1)),
        "jpeg with restarts in each unit": lambda: Wild(encode_corners(restart_marker_blocks=1)),
        "jpeg progressive with restarts": lambda: Wild(
            encode_corners(progressive=True, restart_marker_blocks=2)
        ),
        "jpeg grey": lambda: Wild(factory.encode(factory.make_corners().convert("L"), quality=95), GREYS),
        "jpeg with a thumbnail of something else": lambda: Wild(encode_corners(exif=exif_with_thumbnail)),
        "jpeg of two pictures": lambda: Wild(encode_corners("MPO", **several)),
        "jpeg of two pictures and a trailer": lambda: Wild(
            encode_corners("MPO", **several) + b"\x00\x00\x01\x0aImage_UTC_Data1700000000000SEFH\x6b\x00SEFT"
        ),
        "jpeg with a video (Samsung)": lambda: Wild(
            encode_corners(exif=exif) + b"MotionPhoto_Data" + make_video() + b"SEFH\x6b\x00\x00\x00SEFT"
        ),
        "jpeg with a video (Google)": lambda: Wild(
            factory.insert_segments(encode_corners(exif=exif), factory.make_segment(0xE1, xmp)) + make_video()
        ),
        "jpeg with a second end of interval": lambda: Wild(
            encode_corners(restart_marker_blocks=4)[:-2] + b"\xff\xd5\xff\xd9"
        ),
        "jpeg ending in exact grey": lambda: Wild(
            factory.encode(make_grey_end(), quality=90), (factory.RED,) * 2 + ((128,) * 3,) * 2, (640, 640)
        ),
    }


def make_grey_end() -> Image.Image:
    image = Image.new("RGB", (640, 640), (128, 128, 128))
    image.paste(factory.RED, (0, 0, 640, 300))
    return image


def make_profiled() -> Makers:
    p3, adobe = display_p3_profile(), colours.make_adobe_rgb_profile()
    in_p3 = tuple(colours.from_display_p3(colour) for colour in CORNERS)
    in_adobe = tuple(colours.from_adobe_rgb(colour) for colour in CORNERS)
    makers: Makers = {}
    for file_format in ("JPEG", "PNG", "WEBP", "HEIF"):
        for name, profile, expected in (("Display P3", p3, in_p3), ("Adobe RGB", adobe, in_adobe)):
            makers[f"{file_format.lower()} in {name}"] = lambda f=file_format, p=profile, e=expected: Wild(
                encode_corners(f, icc_profile=p), e, tolerance=9
            )
    return makers


def make_inks() -> Makers:
    inks = tuple(tuple(255 * ink for ink in of_corner) for of_corner in INKS)
    image = paint(inks, "CMYK")
    naive = ((0, 255, 255), (255, 0, 255), (255, 255, 0), BLACK)
    profile = colours.make_ink_profile(dict(zip(INKS, PRINTED, strict=True)))
    plain = drop_segment(factory.encode(ImageChops.invert(image), quality=95), b"Adobe")
    return {
        "jpeg cmyk inverted as Adobe does": lambda: Wild(factory.encode(image, quality=95), naive),
        "jpeg cmyk without Adobe's segment": lambda: Wild(plain, naive),
        "jpeg cmyk progressive": lambda: Wild(factory.encode(image, quality=95, progressive=True), naive),
        "jpeg cmyk with a print profile": lambda: Wild(
            factory.encode(image, quality=95, icc_profile=profile), PRINTED, tolerance=9
        ),
    }


def _sampled(samples: tuple[tuple[int, ...], ...], **options: object) -> bytes:
    return pngs.make_png(lambda x, y: samples[corner_index(x, y)], **options)


def make_pngs() -> Makers:
    deep = tuple(tuple(257 * value for value in colour) for colour in CORNERS)
    deep_greys = tuple((257 * grey[0],) for grey in GREYS)
    palette = factory.make_chunk(b"PLTE", bytes(value for colour in CORNERS for value in colour))
    indices = tuple((index,) for index in range(4))
    half = factory.make_chunk(b"tRNS", bytes((ALPHA,) * 4))
    first_gone = factory.make_chunk(b"tRNS", b"\x00")
    two_bits = ((0,), (1,), (2,), (3,))
    of_two_bits = tuple((85 * value,) * 3 for value in range(4))
    makers: Makers = {
        "png": lambda: Wild(encode_corners("PNG")),
        "png grey": lambda: Wild(_sampled(GREYS_1, depth=8, colour=pngs.GREY), GREYS),
        "png grey 1 bit": lambda: Wild(
            _sampled(((0,), (1,), (1,), (0,)), depth=1, colour=pngs.GREY), (BLACK, WHITE, WHITE, BLACK)
        ),
        "png grey 2 bit": lambda: Wild(_sampled(two_bits, depth=2, colour=pngs.GREY), of_two_bits),
        "png grey 4 bit": lambda: Wild(
            _sampled(((0,), (5,), (10,), (15,)), depth=4, colour=pngs.GREY), of_two_bits
        ),
        "png grey 16 bit": lambda: Wild(_sampled(deep_greys, depth=16, colour=pngs.GREY), GREYS),
        "png colour 16 bit": lambda: Wild(_sampled(deep, depth=16, colour=pngs.TRUECOLOUR)),
        "png alpha": lambda: Wild(
            _sampled(tuple((*c, ALPHA) for c in CORNERS), depth=8, colour=pngs.TRUECOLOUR_ALPHA), FADED
        ),
        "png alpha 16 bit": lambda: Wild(
            _sampled(tuple((*c, 257 * ALPHA) for c in deep), depth=16, colour=pngs.TRUECOLOUR_ALPHA), FADED
        ),
        "png grey alpha": lambda: Wild(
            _sampled(tuple((*g, ALPHA) for g in GREYS_1), depth=8, colour=pngs.GREY_ALPHA),
            tuple(colours.on_white(grey, ALPHA) for grey in GREYS),
        ),
        "png palette": lambda: Wild(_sampled(indices, depth=8, colour=pngs.PALETTE, extra=palette)),
        "png palette 2 bit": lambda: Wild(_sampled(indices, depth=2, colour=pngs.PALETTE, extra=palette)),
        "png palette half transparent": lambda: Wild(
            _sampled(indices, depth=8, colour=pngs.PALETTE, extra=palette + half), FADED
        ),
        "png palette one transparent": lambda: Wild(
            _sampled(indices, depth=4, colour=pngs.PALETTE, extra=palette + first_gone), (WHITE, *CORNERS[1:])
        ),
    }
    for name, samples, options in (
        ("colour", CORNERS, {"depth": 8, "colour": pngs.TRUECOLOUR}),
        ("colour 16 bit", deep, {"depth": 16, "colour": pngs.TRUECOLOUR}),
        ("palette 4 bit", indices, {"depth": 4, "colour": pngs.PALETTE, "extra": palette}),
    ):
        makers[f"png interlaced {name}"] = lambda s=samples, o=options: Wild(
            _sampled(s, interlaced=True, **o)
        )
    return makers


def make_webps() -> Makers:
    faded = factory.make_corners()
    faded.putalpha(ALPHA)
    return {
        "webp": lambda: Wild(encode_corners("WEBP"), tolerance=9),
        "webp lossless": lambda: Wild(encode_corners("WEBP", lossless=True)),
        "webp alpha": lambda: Wild(factory.encode(faded, "WEBP", quality=95), FADED, tolerance=9),
        "webp lossless alpha": lambda: Wild(factory.encode(faded, "WEBP", lossless=True), FADED),
        "webp animation of one frame": lambda: Wild(
            make_one_frame(factory.encode(faded, "WEBP", quality=95)), FADED, tolerance=9
        ),
    }


def make_one_frame(webp: bytes) -> bytes:
    """The picture of a WebP with alpha as the only frame of an animation."""
    chunks = webp[12 + 18 :]
    width, height = ((edge - 1).to_bytes(3, "little") for edge in SIZE)
    frame = bytes(6) + width + height + bytes(4) + chunks
    body = struct.pack("<4sIB3x", b"VP8X", 10, 0x12) + width + height
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def make_heics() -> Makers:
    faded = factory.make_corners()
    faded.putalpha(ALPHA)
    large = factory.make_corners(256, 128)
    return {
        "heic": lambda: Wild(encode_corners("HEIF"), tolerance=9),
        "heic with a thumbnail": lambda: Wild(
            factory.encode(large, "HEIF", quality=95, thumbnails=[64]), size=(256, 128), tolerance=9
        ),
        "heic of tiles": lambda: Wild(
            factory.encode(large, "HEIF", quality=95, tile_size=64), size=(256, 128), tolerance=9
        ),
        "heic of 10 bits": lambda: Wild(make_deep_heic(), tolerance=9),
        "heic of 10 bits grey": lambda: Wild(make_deep_grey_heic(), GREYS, tolerance=9),
        "heic grey": lambda: Wild(
            factory.encode(factory.make_corners().convert("L"), "HEIF", quality=95), GREYS, tolerance=9
        ),
        "heic alpha": lambda: Wild(factory.encode(faded, "HEIF", quality=95), FADED, tolerance=9),
        "heic whose EXIF forgot that it is turned": lambda: Wild(
            write_exif_orientation(factory.make_turned(6, file_format="HEIF"), 1), tolerance=9
        ),
        "heic whose EXIF alone says that it is turned": lambda: Wild(
            write_exif_orientation(factory.make_turned(1, file_format="HEIF"), 6), tolerance=9
        ),
    }


def make_deep_heic() -> bytes:
    samples = [257 * v for y in range(SIZE[1]) for x in range(SIZE[0]) for v in CORNERS[corner_index(x, y)]]
    deep = pillow_heif.from_bytes("RGB;16", SIZE, struct.pack(f"<{len(samples)}H", *samples))
    return _saved(deep)


def make_deep_grey_heic() -> bytes:
    grey = paint(tuple(257 * grey[0] for grey in GREYS), "I;16")
    return factory.encode(grey, "HEIF", quality=95)


def _saved(heif: pillow_heif.HeifFile) -> bytes:
    file = io.BytesIO()
    heif.save(file, quality=95)
    return file.getvalue()


def make_turned() -> Makers:
    return {
        f"{name} turned {orientation}": lambda f=file_format, o=orientation: Wild(
            factory.make_turned(o, file_format=f), tolerance=9
        )
        for name, file_format in (("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"), ("heic", "HEIF"))
        for orientation in range(1, 9)
    }


def make_extremes() -> Makers:
    def large(width: int, height: int, shown: tuple[int, int], **options: object) -> Wild:
        return Wild(factory.make_jpeg(width, height, **options), size=shown)

    return {
        "jpeg of 64 pixels": lambda: large(64, 64, (64, 64), quality=95),
        "png of 64 pixels": lambda: Wild(factory.encode(factory.make_corners(64, 64), "PNG"), size=(64, 64)),
        "jpeg panorama": lambda: large(12_000, 600, (1500, 75)),
        "jpeg panorama upright": lambda: large(600, 12_000, (75, 1500)),
        "png panorama": lambda: Wild(
            factory.encode(factory.make_corners(12_000, 600), "PNG"), size=(1500, 75)
        ),
        "jpeg baseline of 50 megapixels": lambda: large(10_000, 5_000, (1500, 750)),
        "jpeg progressive of 25 megapixels": lambda: large(5_000, 5_000, (1500, 1500), progressive=True),
    }


FAMILIES: dict[str, Makers] = {
    "jpeg": make_jpegs(),
    "profiles": make_profiled(),
    "inks": make_inks(),
    "png": make_pngs(),
    "webp": make_webps(),
    "heic": make_heics(),
    "orientations": make_turned(),
    "extremes": make_extremes(),
}
