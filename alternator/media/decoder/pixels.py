"""Gives a picture's pixels in eight bits a channel, by their range and never by clipping.

Pillow itself clips 16-bit grey at 255, which makes it white:
https://github.com/python-pillow/Pillow/issues/3011
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops, ImageFile

Box = tuple[int, int, int, int]  # left, top, right, bottom

# Cameras and scanners store 10, 12 or 14 bits in 16, from the low end. Below this the picture would
# be as good as black, so its own range is taken.
LEAST_OF_16_BITS = 4096

PHOTOMETRIC = 262  # https://www.loc.gov/preservation/digital/formats/content/tiff_tags.shtml


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A decoded picture, to be had in parts: only they are ever copied and converted.

    A part is of mode L, LA, RGB, RGBA, CMYK or LAB.
    """

    size: tuple[int, int]
    part: Callable[[Box], Image.Image]


def pixels_of(
    picture: ImageFile.ImageFile, rawmode: str, again: Callable[[], ImageFile.ImageFile]
) -> Pixels:
    """The pixels of an opened picture, which is decoded by it. ``rawmode``: see ``rawmode_of``.

    ``again`` opens it a second time; needed for colours of 16 bits that use only the low ones.
    """
    picture.load()
    mode = picture.mode
    if mode.startswith("I;16"):
        return _grey_of_16_bits(picture)
    if mode in ("I", "F"):
        return _numbers(picture)
    if ";16" in rawmode:
        key = picture.info.get("transparency")
        if isinstance(key, tuple):
            picture.info["transparency"] = tuple(value >> 8 for value in key)
        if mode in ("RGB", "RGBA", "LA") and _greatest(picture) < LEAST_OF_16_BITS >> 8:
            return _low_colours(picture, rawmode, again)
    return Pixels(size=picture.size, part=lambda box: plain(picture.crop(box)))


def plain(part: Image.Image) -> Image.Image:
    """One of the modes named above, for a picture of eight bits or fewer a channel."""
    match part.mode:
        case "L" | "RGB" if "transparency" in part.info:
            return part.convert("RGBA")
        case "L" | "LA" | "RGB" | "RGBA" | "CMYK" | "LAB":
            return part
        case "1" if "transparency" not in part.info:
            return part.convert("L")
        case "P" if "transparency" not in part.info:
            return part.convert("RGB")
        case "La":
            return part.convert("LA")
        case "1" | "P" | "PA" | "RGBa":
            return part.convert("RGBA")
        case _:  # YCbCr, HSV, RGBX
            return part.convert("RGB")


def _grey_of_16_bits(picture: Image.Image) -> Pixels:
    _, greatest = _extrema(picture)
    bits = 16 if greatest >= LEAST_OF_16_BITS else max(int(greatest).bit_length(), 8)
    top = (1 << bits) - 1
    table = [min(value * 255 // top, 255) for value in range(1 << 16)]
    if _counts_from_white(picture):
        table = [255 - value for value in table]
    key = picture.info.get("transparency")
    opaque = [0 if value == key else 255 for value in range(1 << 16)]

    def part(box: Box) -> Image.Image:
        numbers = picture.crop(box).convert("I")
        grey = numbers.point(table, "L")
        if isinstance(key, int):
            return Image.merge("LA", (grey, numbers.point(opaque, "L")))
        return grey

    return Pixels(size=picture.size, part=part)


def _numbers(picture: Image.Image) -> Pixels:
    """32-bit integers or floats: nobody says what black and white are, but the values do."""
    least, greatest = _extrema(picture)
    if not (abs(least) < 1e30 and abs(greatest) < 1e30):  # infinite, or no number
        least, greatest = 0.0, 1.0
    if picture.mode == "F" and least >= 0 and greatest <= 1:
        least, greatest = 0.0, 1.0
    elif picture.mode == "I" and least >= 0 and LEAST_OF_16_BITS <= greatest < 1 << 16:
        least, greatest = 0, (1 << 16) - 1
    scale = 255 / ((greatest - least) or 1)

    def part(box: Box) -> Image.Image:
        numbers = picture.crop(box).convert("F")
        return numbers.point(lambda value: value * scale - least * scale).convert("L")

    return Pixels(size=picture.size, part=part)


def _low_colours(
    picture: ImageFile.ImageFile, rawmode: str, again: Callable[[], ImageFile.ImageFile]
) -> Pixels:
    """Colours of 16 bits that use the low ones only. Pillow keeps the high byte of each.

    The low bytes are the high ones of the other byte order, so the picture is decoded once more
    with that one. Grey with alpha has no other order in Pillow, and keeps its few steps.
    """
    low = None
    if rawmode.startswith("RGB"):
        other = rawmode[:-1] + ("L" if rawmode.endswith("B") else "B")
        low = again()
        low.tile = [tile._replace(args=_with_rawmode(tile.args, other)) for tile in low.tile]
        low.load()
    bits = _greatest(picture).bit_length()  # of the high byte
    # Alpha that is used in full is not of the same kind as the colours.
    alpha = picture.getextrema()[-1] if picture.mode != "RGB" else (0, 0)
    scales_alpha = isinstance(alpha, tuple) and alpha[1] < LEAST_OF_16_BITS >> 8
    scaled = len(picture.getbands()) - (not scales_alpha)
    kept = len(picture.getbands()) - scaled
    high = [min(value << (8 - bits), 255) for value in range(256)] * scaled + [*range(256)] * kept
    rest = [value >> bits for value in range(256)] * scaled + [0] * 256 * kept

    def part(box: Box) -> Image.Image:
        whole = picture.crop(box).point(high)
        if low is not None:
            whole = ImageChops.add(whole, low.crop(box).point(rest))
        return plain(whole)

    return Pixels(size=picture.size, part=part)


def _with_rawmode(args: tuple[Any, ...] | str | None, rawmode: str) -> tuple[Any, ...] | str | None:
    return (rawmode, *args[1:]) if isinstance(args, tuple) else rawmode


def rawmode_of(picture: ImageFile.ImageFile) -> str:
    """How its pixels are stored, as Pillow names it; known only until it is decoded."""
    args: object = picture.tile[0].args if picture.tile else None
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def _counts_from_white(picture: Image.Image) -> bool:
    """Whether a TIFF stores white as 0, which Pillow undoes up to eight bits only."""
    tags = getattr(picture, "tag_v2", {})
    return tags.get(PHOTOMETRIC) == 0


def _extrema(picture: Image.Image) -> tuple[float, float]:
    least, greatest = picture.getextrema()
    assert isinstance(least, int | float) and isinstance(greatest, int | float)
    return least, greatest


def _greatest(picture: Image.Image) -> int:
    """The greatest value of any colour; alpha does not count."""
    colours = picture.getextrema()[: 1 if picture.mode == "LA" else 3]
    return int(max(band[1] for band in colours if isinstance(band, tuple)))
