"""The drawn pictures: as large as asked for, and the same shape at any size."""

import pytest
from PIL import Image

from sandbox.samples import drawings


@pytest.mark.parametrize(
    "draw", [drawings.house, drawings.sunset, drawings.lighthouse, drawings.boat]
)
def test_a_picture_has_the_size_asked_for(draw):
    assert draw(64, 48).size == (64, 48)


@pytest.mark.parametrize("size", [(300, 400), (600, 800)])
def test_the_lighthouse_stands_right_of_the_centre(size):
    width, height = size
    picture = drawings.lighthouse(*size)
    assert picture.getpixel((int(0.7 * width), int(0.35 * height))) == drawings.RED
    assert picture.getpixel((int(0.2 * width), int(0.35 * height))) == drawings.SKY
    assert picture.getpixel((int(0.2 * width), int(0.9 * height))) == drawings.SAND


def test_edges_are_smooth():
    colours = Image.Image.getcolors(drawings.sunset(64, 48))
    assert colours is not None
    assert len(colours) > 3  # the sun has a rim between its colour and the sky's
