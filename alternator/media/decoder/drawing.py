"""Takes a view out of decoded pixels: cut, scaled, in sRGB, upright; transparency still in it."""

import math
from dataclasses import dataclass

from PIL import Image, ImageFile

from alternator.media.decoder.colours import Space
from alternator.media.decoder.layout import NARROWEST, Size, View, stored_box
from alternator.media.decoder.pixels import Pixels

# Converted at once. So a picture is never there twice, whatever it takes to convert it.
STRIP_PIXELS = 4_000_000
# With so few colours a small picture is pixel art, whose pixels stay squares.
FEW_COLOURS = 64

ORIENTATION = 0x0112  # https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Their readers turn the picture themselves, by the format's own rules. In AVIF, HEIC and JPEG XL
# EXIF's orientation does not count: https://github.com/AOMediaCodec/libavif/wiki
# A JPEG that was packed as JPEG XL comes out as the JPEG that it was, as yet unturned.
TURNED_BY_READER = ("image/tiff", "image/heic", "image/jxl")


def orientation_of(picture: ImageFile.ImageFile, media_type: str) -> int:
    """How the picture is still to be turned, as EXIF's number; 1 where not at all."""
    if media_type in TURNED_BY_READER and not getattr(picture, "jpeg", None):
        return 1
    try:
        found = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001  damaged EXIF data raise all kinds of errors
        return 1
    return found if isinstance(found, int) and found in TURNS else 1


def upright(size: Size, orientation: int) -> Size:
    """The size of a picture once it is turned."""
    return (size[1], size[0]) if orientation >= 5 else size


@dataclass(frozen=True, kw_only=True)
class Source:
    """A decoded picture. ``size`` is the upright one's; a JPEG may have been decoded smaller."""

    pixels: Pixels
    size: Size
    orientation: int
    space: Space

    def draw(self, view: View) -> Image.Image:
        """One view, in L, LA, RGB or RGBA."""
        stored = upright(self.size, self.orientation)
        across, down = (have / full for have, full in zip(self.pixels.size, stored, strict=True))
        left, top, right, bottom = stored_box(view.box, self.size, self.orientation)
        box = (
            int(left * across),
            int(top * down),
            min(math.ceil(right * across), self.pixels.size[0]),
            min(math.ceil(bottom * down), self.pixels.size[1]),
        )
        scaled = _scaled(self.pixels, box, upright(view.size, self.orientation))
        image = self.space.to_srgb(scaled)
        if self.orientation in TURNS:
            image = image.transpose(TURNS[self.orientation])
        return _wide_enough(image)


def _scaled(pixels: Pixels, box: tuple[int, int, int, int], size: Size) -> Image.Image:
    """A box of the pixels at a size: first by a whole factor strip by strip, then exactly."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    step = max(min(width // size[0], height // size[1]), 1)
    rows = max(STRIP_PIXELS // width // step, 1) * step
    reduced: Image.Image | None = None
    for start in range(top, bottom, rows):
        part = pixels.part((left, start, right, min(start + rows, bottom)))
        if step > 1:
            part = part.reduce(step)
        if reduced is None:
            whole = (math.ceil(width / step), math.ceil(height / step))
            reduced = part if part.size == whole else Image.new(part.mode, whole)
        if reduced is not part:
            reduced.paste(part, (0, (start - top) // step))
    assert reduced is not None
    if reduced.size == size:
        return reduced
    if size[0] > width and reduced.getcolors(FEW_COLOURS) is not None:
        return reduced.resize(size, Image.Resampling.NEAREST)
    return reduced.resize(size, Image.Resampling.LANCZOS)


def _wide_enough(image: Image.Image) -> Image.Image:
    """A line of a few pixels gets grey beside it: models refuse what is narrower."""
    width, height = max(image.width, NARROWEST), max(image.height, NARROWEST)
    if (width, height) == image.size:
        return image
    image = (
        image
        if image.mode in ("RGB", "RGBA")
        else image.convert("RGBA" if image.mode == "LA" else "RGB")
    )
    page = Image.new(image.mode, (width, height), (128, 128, 128))
    page.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return page
