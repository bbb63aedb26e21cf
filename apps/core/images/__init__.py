"""Photos from strangers: judged by their content, and made safe and uniform before anything else sees them.

`inspect_photo` reads a photo's header and refuses what cannot be identified; `normalise_photo` decodes it and
gives an upright sRGB JPEG without metadata, and a fingerprint by which copies of the photo are recognised.
"""

from apps.core.images.digest import sha256_hex
from apps.core.images.errors import (
    ImageWorkersBusy,
    PhotoAnimated,
    PhotoEmpty,
    PhotoMissing,
    PhotoRefused,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoTooSmall,
    PhotoTypeUnsupported,
    PhotoUnreadable,
)
from apps.core.images.fingerprint import (
    HASH_BITS,
    HASH_DISTANCE,
    Fingerprint,
    fingerprint_jpeg,
    hash_distance,
    look_alike,
)
from apps.core.images.inspection import inspect_photo
from apps.core.images.limits import DEFAULT_LIMITS, PhotoLimits
from apps.core.images.normalisation import normalise_photo
from apps.core.images.slots import decode_slots
from apps.core.images.types import NormalisedPhoto, PhotoFormat, PhotoHeader

__all__ = [
    "DEFAULT_LIMITS",
    "HASH_BITS",
    "HASH_DISTANCE",
    "Fingerprint",
    "ImageWorkersBusy",
    "NormalisedPhoto",
    "PhotoAnimated",
    "PhotoEmpty",
    "PhotoFormat",
    "PhotoHeader",
    "PhotoLimits",
    "PhotoMissing",
    "PhotoRefused",
    "PhotoTooLarge",
    "PhotoTooManyPixels",
    "PhotoTooSmall",
    "PhotoTypeUnsupported",
    "PhotoUnreadable",
    "decode_slots",
    "fingerprint_jpeg",
    "hash_distance",
    "inspect_photo",
    "look_alike",
    "normalise_photo",
    "sha256_hex",
]
