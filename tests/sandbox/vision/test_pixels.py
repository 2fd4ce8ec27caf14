"""Descriptions follow the pixels."""

import pytest
from PIL import Image, ImageDraw

from sandbox.samples import drawings
from sandbox.vision.pixels import describe


def rectangle(box, colour="red", size=(300, 200), back="white") -> Image.Image:
    image = Image.new("RGB", size, back)
    ImageDraw.Draw(image).rectangle(box, fill=colour)
    return image


def test_house():
    assert describe(drawings.house(1024, 683)) == (
        "Landscape picture, 1024 by 683 pixels. The upper half is mostly light blue, the lower "
        "half mostly green. There is a red area left of the centre, a small brown area left of "
        "the centre and a small yellow area in the upper right."
    )


@pytest.mark.parametrize(
    ("size", "shape"), [((300, 200), "Landscape"), ((200, 300), "Portrait"), ((200, 201), "Square")]
)
def test_shape(size, shape):
    text = describe(Image.new("RGB", size, "black"))
    assert text == f"{shape} picture, {size[0]} by {size[1]} pixels. It is almost entirely black."


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0, 0, 60, 40), "in the upper left"),
        ((240, 0, 300, 40), "in the upper right"),
        ((120, 160, 180, 200), "below the centre"),
        ((120, 80, 180, 120), "in the centre"),
        ((0, 80, 60, 120), "left of the centre"),
    ],
)
def test_place_of_an_area(box, place):
    assert describe(rectangle(box)).endswith(f"red area {place}.")


def test_halves_side_by_side():
    text = describe(rectangle((0, 0, 149, 200), "blue", back="yellow"))
    assert "The left half is mostly blue, the right half mostly yellow." in text


def test_turned_picture_is_described_turned():
    turned = drawings.house(300, 200).transpose(Image.Transpose.ROTATE_90)
    assert "The left half is mostly light blue" in describe(turned)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16"])
def test_every_mode_is_described(mode):
    assert describe(Image.new(mode, (20, 10))).startswith("Landscape picture, 20 by 10 pixels.")


def test_transparency_is_white():
    assert "almost entirely white" in describe(Image.new("RGBA", (20, 20), (255, 0, 0, 0)))


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1)])
def test_extreme_shapes_are_described(size):
    assert describe(Image.new("RGB", size, "red")).endswith("It is almost entirely red.")
