"""Brings colours into sRGB, whatever space they are stored in; a bad profile is passed over.

What counts in a PNG is, in this order: numbers (CICP), a profile, the gamma. In AVIF and HEIF a
profile goes before numbers. A picture that says nothing is sRGB.
https://www.w3.org/TR/png-3/#4Concepts.ColourSpaces
https://github.com/AOMediaCodec/libavif/blob/main/include/avif/avif.h (avifImage.icc)
"""

import io
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from PIL import Image, ImageCms

from alternator.media.decoder.profiles import D65, PRIMARIES, profile, profile_of
from alternator.media.decoder.signalled import Cicp

SRGB_GAMMA = 1 / 2.2
# Encoders round: 0.45455 is what nearly all write.
SAME_GAMMA = 0.02

# The modes of what a profile describes, by the name in its header:
# https://www.color.org/specification/ICC.1-2022-05.pdf, table 19
MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


@dataclass(frozen=True, kw_only=True)
class Space:
    """What a file says of its colours."""

    profile: bytes | None = None

    def to_srgb(self, image: Image.Image) -> Image.Image:
        """The image as L, LA, RGB or RGBA in sRGB."""
        if image.mode == "LAB":
            lab = _transform(ImageCms.createProfile("LAB"), "LAB")
            return _applied(lab, image)
        if self.profile is None:
            return image.convert("RGB") if image.mode == "CMYK" else image
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        colours = image if alpha is None else image.convert(image.mode[:-1])
        try:
            converted = self._converted(colours)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = colours.convert("RGB")
        if alpha is not None:
            converted.putalpha(alpha)
        return converted

    def _converted(self, colours: Image.Image) -> Image.Image:
        assert self.profile is not None
        source = ImageCms.getOpenProfile(io.BytesIO(self.profile))
        mode = MODES.get(source.profile.xcolor_space.strip(), "")
        if mode == "RGB" and colours.mode == "L":
            colours = colours.convert("RGB")
        if mode != colours.mode:  # a profile of something else
            return colours.convert("RGB")
        return _applied(_transform(source, mode), colours)


def space_of(info: dict[Any, Any], cicp: Cicp | None, media_type: str) -> Space:
    """What Pillow's ``info`` of a picture, and the numbers in its file, say of its colours."""
    icc = info.get("icc_profile")
    has_profile = isinstance(icc, bytes) and bool(icc)
    if cicp is not None and not (has_profile and media_type != "image/png"):
        return Space(profile=profile_of(cicp))
    if has_profile:
        return Space(profile=icc)
    gamma = info.get("gamma")
    if not isinstance(gamma, float) or gamma <= 0 or "srgb" in info:
        return Space()
    return _by_gamma(gamma, info.get("chromaticity"))


def _by_gamma(gamma: float, chromaticity: object) -> Space:
    primaries, white = PRIMARIES[1], D65
    if isinstance(chromaticity, tuple) and len(chromaticity) == 8 and all(chromaticity[1::2]):
        x = cast(tuple[float, ...], chromaticity)
        white = (x[0], x[1])
        primaries = ((x[2], x[3]), (x[4], x[5]), (x[6], x[7]))
    if abs(gamma - SRGB_GAMMA) < SAME_GAMMA and primaries == PRIMARIES[1]:
        return Space()
    try:
        return Space(profile=profile(primaries, white, lambda value: value ** (1 / gamma)))
    except (ArithmeticError, ValueError):  # no such space
        return Space()


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _transform(source: Any, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(source, _srgb(), mode, "RGB")


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted
