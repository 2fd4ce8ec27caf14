"""The pictures of the sample posts, drawn with Pillow. All sizes are in pixels."""

from collections.abc import Callable

from PIL import Image, ImageDraw

SKY = (150, 200, 245)
GRASS = (70, 150, 60)
SEA = (25, 60, 120)
RED = (200, 40, 35)
ROOF = (95, 50, 30)
SAND = (230, 205, 150)
# Drawn that many times larger and shrunk, which smooths the edges.
OVERSAMPLING = 2

Paint = Callable[[ImageDraw.ImageDraw, int, int], None]


def draw(width: int, height: int, paint: Paint) -> Image.Image:
    """A picture of that size."""
    large = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING))
    paint(ImageDraw.Draw(large), *large.size)
    return large.resize((width, height), Image.Resampling.LANCZOS)


def house(width: int, height: int) -> Image.Image:
    """A red house on a green hill under a blue sky, left of the centre."""

    def paint(pen: ImageDraw.ImageDraw, w: int, h: int) -> None:
        pen.rectangle((0, 0, w, h), fill=SKY)
        pen.ellipse((0.76 * w, 0.08 * h, 0.88 * w, 0.08 * h + 0.12 * w), fill=(255, 225, 80))
        pen.ellipse((-0.4 * w, 0.42 * h, 1.4 * w, 1.9 * h), fill=GRASS)
        pen.rectangle((0.2 * w, 0.42 * h, 0.42 * w, 0.68 * h), fill=RED)
        pen.polygon(((0.17 * w, 0.42 * h), (0.45 * w, 0.42 * h), (0.31 * w, 0.26 * h)), fill=ROOF)
        pen.rectangle((0.29 * w, 0.54 * h, 0.34 * w, 0.68 * h), fill=ROOF)
        for left in (0.225, 0.36):
            pen.rectangle((left * w, 0.47 * h, (left + 0.04) * w, 0.53 * h), fill=(255, 245, 200))

    return draw(width, height, paint)


def sunset(width: int, height: int) -> Image.Image:
    """A low sun over a dark sea."""

    def paint(pen: ImageDraw.ImageDraw, w: int, h: int) -> None:
        pen.rectangle((0, 0, w, 0.55 * h), fill=(245, 150, 60))
        pen.ellipse((0.42 * w, 0.38 * h, 0.42 * w + 0.3 * h, 0.68 * h), fill=(255, 235, 130))
        pen.rectangle((0, 0.55 * h, w, h), fill=SEA)

    return draw(width, height, paint)


def lighthouse(width: int, height: int) -> Image.Image:
    """A red and white lighthouse on a beach, right of the centre, upright."""

    def paint(pen: ImageDraw.ImageDraw, w: int, h: int) -> None:
        pen.rectangle((0, 0, w, 0.62 * h), fill=SKY)
        pen.rectangle((0, 0.62 * h, w, 0.78 * h), fill=SEA)
        pen.rectangle((0, 0.78 * h, w, h), fill=SAND)
        stripe = 0.1 * h
        for index in range(5):
            top = 0.3 * h + index * stripe
            fill = RED if index % 2 == 0 else (250, 250, 250)
            pen.rectangle((0.6 * w, top, 0.8 * w, top + stripe), fill=fill)
        pen.rectangle((0.63 * w, 0.24 * h, 0.77 * w, 0.3 * h), fill=(255, 225, 80))
        pen.polygon(((0.61 * w, 0.24 * h), (0.79 * w, 0.24 * h), (0.7 * w, 0.17 * h)), fill=ROOF)

    return draw(width, height, paint)


def boat(width: int, height: int) -> Image.Image:
    """A boat with a white sail on a river."""

    def paint(pen: ImageDraw.ImageDraw, w: int, h: int) -> None:
        pen.rectangle((0, 0, w, 0.5 * h), fill=SKY)
        pen.rectangle((0, 0.42 * h, w, 0.52 * h), fill=GRASS)
        pen.rectangle((0, 0.5 * h, w, h), fill=(60, 120, 190))
        pen.polygon(((0.5 * w, 0.18 * h), (0.5 * w, 0.6 * h), (0.68 * w, 0.6 * h)), fill="white")
        pen.polygon(
            ((0.34 * w, 0.63 * h), (0.7 * w, 0.63 * h), (0.62 * w, 0.76 * h), (0.4 * w, 0.76 * h)),
            fill=RED,
        )

    return draw(width, height, paint)
