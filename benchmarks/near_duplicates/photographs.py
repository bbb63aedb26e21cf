"""Photographs from a folder: themselves, bursts of them, and other pictures cut from them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from benchmarks.near_duplicates.pictures import BURST_STEPS, Picture, take_photo_of

CUTS = {  # in parts of the photograph's sides
    "left above": (0.0, 0.0, 0.6, 0.6),
    "right above": (0.4, 0.0, 1.0, 0.6),
    "left below": (0.0, 0.4, 0.6, 1.0),
    "right below": (0.4, 0.4, 1.0, 1.0),
    "middle": (0.1, 0.1, 0.9, 0.9),
}
TURNS = {"mirrored": Image.Transpose.FLIP_LEFT_RIGHT, "upside down": Image.Transpose.ROTATE_180}


def real_photos(seed: int, folder: Path) -> Iterator[Picture]:
    for path in sorted(folder.glob("*.jpg")):
        yield Picture(path.stem, "real", partial(_open, path))
        for frame in range(len(BURST_STEPS)):
            take = partial(_take, seed, path, frame)
            yield Picture(f"{path.stem}, photo {frame}", "real burst", take)
        for name in CUTS:
            yield Picture(f"{path.stem}, {name}", "real, cut", partial(_cut, path, name))
        for name in TURNS:
            yield Picture(f"{path.stem}, {name}", "real, turned", partial(_turn, path, name))


def _open(path: Path) -> Image.Image:
    with Image.open(path) as photo:
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    upright.info = {}  # or encoders would write into the copies what they find here
    return upright


def _take(seed: int, path: Path, frame: int) -> Image.Image:
    return take_photo_of(_open(path), Random(f"{seed} {path.stem} {frame}"), step=BURST_STEPS[frame])


def _cut(path: Path, name: str) -> Image.Image:
    photo = _open(path)
    left, top, right, bottom = CUTS[name]
    return photo.crop(
        (
            round(left * photo.width),
            round(top * photo.height),
            round(right * photo.width),
            round(bottom * photo.height),
        )
    )


def _turn(path: Path, name: str) -> Image.Image:
    return _open(path).transpose(TURNS[name])
