"""Writes a picture as a model is sent it: PNG where it is drawn, JPEG where it is a photo.

Text and lines lose their edges in a JPEG, photos gain nothing from PNG but size.
"""

import io

from PIL import Image, ImageChops

JPEG_QUALITIES = (88, 75, 60, 40)
# So much of a drawn picture is equal to what is beside it.
DRAWN = 0.55
# Of a page of text: that much is even, that much is lines (in steps of grey from pixel to pixel).
FLAT = 0.4
WRITTEN = 0.03
LINE = 24
# A PNG may be so many times as large as the JPEG.
PNG_WORTH = 3


def encoded(image: Image.Image, most_bytes: int) -> bytes:
    """An L or RGB image as PNG or JPEG, at most so large (if that can be had at all)."""
    jpeg = b""
    for quality in JPEG_QUALITIES:
        # Colours at full resolution: red text on blue is one smear otherwise.
        jpeg = _saved(image, "JPEG", quality=quality, subsampling="4:4:4")
        if len(jpeg) <= most_bytes:
            break
    if looks_drawn(image):
        png = _saved(image, "PNG", compress_level=6)
        if len(png) <= min(most_bytes, PNG_WORTH * len(jpeg)):
            return png
    return jpeg


def looks_drawn(image: Image.Image) -> bool:
    """Whether the image is rather text, a drawing or a screenshot than a photo."""
    steps = _steps(image)
    return steps[0] > DRAWN * sum(steps)


def looks_written(image: Image.Image) -> bool:
    """Whether the image, shrunk, is a page of text or a drawing that is full of lines.

    Its ground is flat (more or less: it was shrunk), and there is much on it.
    """
    steps = _steps(image)
    return sum(steps[:3]) > FLAT * sum(steps) and sum(steps[LINE:]) > WRITTEN * sum(steps)


def _steps(image: Image.Image) -> list[int]:
    """How often pixels differ by so much from the one at their left, by that."""
    grey = image if image.mode == "L" else image.convert("L")
    width, height = grey.size
    if width < 2:
        return [1] + [0] * 255
    left, right = grey.crop((0, 0, width - 1, height)), grey.crop((1, 0, width, height))
    return ImageChops.difference(left, right).histogram()


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    output = io.BytesIO()
    # Nothing of the original's metadata: where a picture was taken is nobody's business.
    image.info.clear()
    image.save(output, form, **options)
    return output.getvalue()
