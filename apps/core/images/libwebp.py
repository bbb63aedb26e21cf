"""The decoder of WebP that Pillow brings along, asked directly.

Pillow reaches it by its interface for animations, which holds two canvases beside the picture: 300 MB for 25
megapixels where 175 do (decision 0022).
"""

import ctypes

from PIL import Image, _webp

_DECODERS = {"RGB": "WebPDecodeRGBInto", "RGBA": "WebPDecodeRGBAInto"}


def _find_decoders() -> dict[str, "ctypes._NamedFuncPointer"]:
    """By the name of Pillow's module, which the library is loaded with wherever it lies."""
    library = ctypes.CDLL(_webp.__file__)
    try:
        found = {mode: getattr(library, name) for mode, name in _DECODERS.items()}
    except AttributeError:  # built into the module, where others do not see it
        return {}
    for function in found.values():
        # Bytes and their number; the place for the pixels, its size, and the length of a row.
        function.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_int,
        )
        function.restype = ctypes.c_void_p
    return found


_decoders = _find_decoders()


def is_available() -> bool:
    return bool(_decoders)


def decode_webp(content: bytes, *, size: tuple[int, int], has_alpha: bool) -> Image.Image:
    """Decode a picture that is no animation; the interpreter's lock is free meanwhile.

    Raises:
        ValueError: the bytes make no sense, or the picture is larger than `size`.
    """
    mode = "RGBA" if has_alpha else "RGB"
    width, height = size
    stride = width * len(mode)
    pixels = bytearray(stride * height)
    place = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    if not _decoders[mode](content, len(content), ctypes.addressof(place), len(pixels), stride):
        raise ValueError("libwebp refuses it")
    del place
    return Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)
