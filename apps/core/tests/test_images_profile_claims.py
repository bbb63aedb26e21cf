"""Colour profiles that claim more than they hold are not given to the library that believes them."""

import struct

import pytest
from PIL import Image, ImageCms

from apps.core.images.colour import to_srgb
from apps.core.images.profile_claims import keeps_its_claims
from apps.core.images.profiles import display_p3_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile_of(tag: bytes, *, size: int | None = None) -> bytes:
    header = struct.pack(">I4xI4s4s4s12x4s", 200, 0x04000000, b"mntr", b"RGB ", b"XYZ ", b"acsp").ljust(
        128, b"\0"
    )
    return header + struct.pack(">I4sII", 1, b"desc", 144, len(tag) if size is None else size) + tag


HONEST = {
    "our own": display_p3_profile(),
    "LittleCMS's": SRGB,
    "texts": profile_of(b"mluc" + struct.pack(">4xII", 1, 12) + bytes(12)),
    "a curve": profile_of(b"curv" + struct.pack(">4xI", 4) + bytes(8)),
    "a table": profile_of(b"mft2" + struct.pack(">4xBBBx", 3, 3, 2) + bytes(36 + 48)),
}
LYING = {
    "texts": profile_of(b"mluc" + struct.pack(">4xII", 0x02000001, 12) + bytes(12)),
    "a curve": profile_of(b"curv" + struct.pack(">4xI", 2**31) + bytes(8)),
    "names": profile_of(b"ncl2" + struct.pack(">4xII", 0, 2**27) + bytes(80)),
    "a table of bytes": profile_of(b"mft1" + struct.pack(">4xBBBx", 4, 3, 100) + bytes(100)),
    "a table": profile_of(b"mft2" + struct.pack(">4xBBBx", 3, 3, 255) + bytes(100)),
    "a newer table": profile_of(
        b"mAB "
        + struct.pack(">4xBB2x5I", 3, 3, 0, 0, 0, 32, 0)
        + bytes([200] * 3)
        + bytes(13)
        + b"\2"
        + bytes(60)
    ),
    "a tag outside": profile_of(b"mluc" + bytes(20), size=10_000),
    "tags without end": SRGB[:128] + struct.pack(">I", 2**32 - 1) + SRGB[132:],
    "nothing": b"",
    "half a tag": profile_of(b"mluc"),
}


@pytest.mark.parametrize("name", HONEST)
def test_a_profile_that_holds_what_it_says_is_used(name):
    assert keeps_its_claims(HONEST[name])


@pytest.mark.parametrize("name", LYING)
def test_a_profile_that_claims_more_than_it_holds_is_ignored(name):
    assert not keeps_its_claims(LYING[name])
    assert to_srgb(Image.new("RGB", (8, 8), "red"), LYING[name]).getpixel((0, 0)) == (255, 0, 0)
