"""Making the samples' media: the pictures, which need no other program."""

import pytest
from PIL import ExifTags, Image

from sandbox.samples.make_samples import make, save_sideways
from sandbox.samples.samples import SampleAttachment


@pytest.mark.parametrize(("name", "size"), [("house.jpg", (1024, 683)), ("sunset.png", (640, 480))])
def test_a_picture_is_drawn(tmp_path, name, size):
    make(SampleAttachment(file=name), tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.size == size


def test_a_sideways_picture_is_turned_upright_by_its_note(tmp_path):
    upright = Image.new("RGB", (20, 40), "blue")
    upright.paste("red", (0, 0, 20, 20))
    save_sideways(upright, tmp_path / "sideways.png")
    with Image.open(tmp_path / "sideways.png") as image:
        assert image.size == (40, 20)
        assert image.getexif()[ExifTags.Base.Orientation] == 6
        assert image.getpixel((0, 0)) == (255, 0, 0)  # turned clockwise, the left side is on top
        assert image.getpixel((39, 19)) == (0, 0, 255)


def test_a_picture_that_nothing_draws_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"tower\.jpg"):
        make(SampleAttachment(file="tower.jpg"), tmp_path / "tower.jpg")
