"""To eight bits, opaque, sRGB: whatever the mode and the colour space a photo came in."""

import io

from PIL import Image, ImageChops, ImageCms

from apps.core.images.decoding import DECODER_FAILURES
from apps.core.images.profile_claims import keeps_its_claims
from apps.core.images.profiles import MAX_PROFILE_BYTES

WHITE = 255

# The kinds of pixels that a profile of each colour space can be applied to.
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_opaque_8_bit(image: Image.Image) -> Image.Image:
    """Flatten onto white. What remains is greyscale, RGB or CMYK, of eight bits a channel."""
    if image.mode == "I;16":
        image = _scale_16_bit_grey(image)
    elif image.mode == "1":
        # A bilevel picture's transparent colour is told as 0 or 255, which is what it becomes here.
        transparency = image.info.get("transparency")
        image = image.convert("L")
        if transparency is not None:
            image.info["transparency"] = transparency
    if image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info:
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    return _flatten_on_white(image if image.mode in {"RGBA", "LA"} else image.convert("RGBA"))


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Convert by the profile, or, without a usable one, take the colours for sRGB."""
    if icc_profile and len(icc_profile) <= MAX_PROFILE_BYTES and keeps_its_claims(icc_profile):
        try:
            return _apply_profile(image, icc_profile)
        except (ImageCms.PyCMSError, *DECODER_FAILURES):
            pass  # a broken profile is no reason to refuse a photo; every viewer ignores it too
    return image if image.mode == "RGB" else image.convert("RGB")


def _scale_16_bit_grey(image: Image.Image) -> Image.Image:
    """Keep the upper eight bits; convert() would clip everything above 255 to white."""
    transparent_grey = image.info.get("transparency")
    image = image.convert("I")  # the only mode that takes a table of this length
    scaled = image.point([value >> 8 for value in range(65536)], "L")
    if transparent_grey is None:
        return scaled
    alpha = image.point([0 if value == transparent_grey else 255 for value in range(65536)], "L")
    return Image.merge("LA", (scaled, alpha))


def _flatten_on_white(image: Image.Image) -> Image.Image:
    alpha = image.getchannel("A")
    opaque_mode = "L" if image.mode == "LA" else "RGB"
    if alpha.getextrema() != (255, 255):
        # Painted in place, before any resizing: blending with a copy would take twice the memory.
        image.paste((WHITE,) * len(image.getbands()), mask=ImageChops.invert(alpha))
    del alpha
    return image.convert(opaque_mode)


def _apply_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
    if _MODE_OF_SPACE.get(profile.profile.xcolor_space.strip()) != image.mode:
        return image.convert("RGB")
    if _is_srgb(profile):
        return image
    converted = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.PERCEPTUAL, "RGB"
    )
    return converted if converted is not None else image.convert("RGB")


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    # Most profiles are sRGB itself, by one of its many vendors; a conversion would change nothing.
    return ImageCms.getProfileDescription(profile).startswith("sRGB")
