"""Lays a picture's transparent parts on a ground that shows what is drawn on it.

Black text on nothing is read on white, white text on black; what has both, on grey.
"""

from collections.abc import Sequence

from PIL import Image

Colour = tuple[int, int, int]

# In order of preference.
GROUNDS: tuple[Colour, ...] = ((255, 255, 255), (24, 24, 24), (128, 128, 128))
# A colour is hidden on a ground if it differs from it by less than this in each channel.
SEEN_DIFFERENCE = 40
# A ground that hides this much less of the picture than a better liked one is taken.
WORTH = 0.02
SAMPLE_SIDE = 96


def grounded(images: Sequence[Image.Image]) -> list[Image.Image]:
    """The images, of any mode with or without alpha, as L or RGB; one ground for all of them."""
    images = [
        image if image.mode in ("L", "LA", "RGB", "RGBA") else image.convert("RGB")
        for image in images
    ]
    seen = [image for image in images if image.mode.endswith("A") and not _opaque(image)]
    ground = best_ground(seen) if seen else GROUNDS[0]
    return [_on(image, ground) for image in images]


def best_ground(images: Sequence[Image.Image]) -> Colour:
    """The first of GROUNDS that hides about the least of what is drawn in LA or RGBA images."""
    hidden = dict.fromkeys(GROUNDS, 0.0)
    drawn = 0.0
    for image in images:
        sample = image.convert("RGBA")
        sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
        for count, pixel in sample.getcolors(SAMPLE_SIDE**2) or ():
            assert isinstance(pixel, tuple)
            *colour, alpha = pixel
            weight = count * alpha / 255
            drawn += weight
            for ground in GROUNDS:
                if all(abs(c - g) < SEEN_DIFFERENCE for c, g in zip(colour, ground, strict=True)):
                    hidden[ground] += weight
    least = min(hidden.values())
    return next(ground for ground in GROUNDS if hidden[ground] <= least + WORTH * drawn)


def _opaque(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema() == (255, 255)


def _on(image: Image.Image, ground: Colour) -> Image.Image:
    if not image.mode.endswith("A"):
        return image
    if _opaque(image):
        return image.convert(image.mode[:-1])
    colours = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, ground), colours).convert("RGB")
