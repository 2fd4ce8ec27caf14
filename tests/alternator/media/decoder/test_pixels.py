"""Depths of all kinds, looked at in what a model is shown of them."""

import struct
from collections.abc import Sequence

import pytest
from pictures import at, close, file_of, opened, png, png_of_16_bits, tiff
from PIL import Image

from alternator.media.decoder.pixels import plain
from alternator.media.decoder.viewing import views_of_picture

WIDE, LOW = 65535, 4095
ONES = [1] * 200


def shown(content: bytes, form: str) -> Image.Image:
    reply = views_of_picture(content, f"image/{form}", 2048)
    assert len(reply.pictures) == 1
    return opened(reply.pictures[0])


def sides(content: bytes, form: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    image = shown(content, form)
    return at(image, 0.2, 0.5), at(image, 0.8, 0.5)


@pytest.mark.parametrize("top", [WIDE, LOW, 1023, 16383])
def test_grey_of_16_bits_keeps_its_range(top: int):
    content = png_of_16_bits(0, [top // 4], [top])
    left, right = sides(content, "png")
    expected = 255 if top != 16383 else 63  # of 14 bits a quarter is seen, as a browser shows it
    assert close(right, (expected,) * 3, 2) and close(left, (expected // 4,) * 3, 2)


@pytest.mark.parametrize("top", [WIDE, LOW, 1023])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_colours_of_16_bits_keep_their_range_and_steps(top: int, form: str):
    left, right = [top, top // 2, top // 8], [0, top // 16, top]
    if form == "png":
        content = png_of_16_bits(2, left, right)
    else:
        row = struct.pack("<3H", *left) * 200 + struct.pack("<3H", *right) * 200
        content = tiff((400, 300), 16, 3, 2, row * 300)
    found = sides(content, form)
    assert close(found[0], (255, 127, 31), 3) and close(found[1], (0, 15, 255), 3)


def test_colours_of_16_bits_with_alpha():
    left, right = sides(png_of_16_bits(6, [WIDE, 0, 0, WIDE], [0, 0, WIDE, WIDE]), "png")
    assert close(left, (255, 0, 0), 2) and close(right, (0, 0, 255), 2)
    left, right = sides(png_of_16_bits(6, [LOW, 0, 0, WIDE], [0, LOW // 2, LOW, WIDE]), "png")
    assert close(left, (255, 0, 0), 2) and close(right, (0, 127, 255), 2)
    left, right = sides(png_of_16_bits(6, [LOW, 0, 0, LOW], [0, 0, LOW, 0]), "png")
    assert close(left, (255, 0, 0), 2) and not close(right, (0, 0, 255), 99)


def test_grey_with_alpha():
    for top in (WIDE, LOW):
        left, right = sides(png_of_16_bits(4, [top, WIDE], [top // 4, WIDE]), "png")
        assert left[0] > 235 and 45 < right[0] < 75
    image = Image.merge("LA", (Image.linear_gradient("L"), Image.new("L", (256, 256), 255)))
    ramp = shown(file_of(image.resize((400, 400)), "png"), "png")
    assert close(at(ramp, 0.5, 0.25), (64,) * 3, 4) and close(at(ramp, 0.5, 0.75), (191,) * 3, 4)


def test_one_colour_of_16_bits_as_transparent():
    from pictures import chunk

    key = chunk(b"tRNS", struct.pack(">H", 1000))
    left, right = sides(png_of_16_bits(0, [1000], [WIDE], before=[key]), "png")
    assert close(right, (255,) * 3) and max(left) < 60  # white on nothing: a dark ground
    key = chunk(b"tRNS", struct.pack(">3H", 512, 512, 512))
    left, right = sides(png_of_16_bits(2, [512] * 3, [WIDE] * 3, before=[key]), "png")
    assert close(right, (255,) * 3) and max(left) < 60


@pytest.mark.parametrize(
    ("bits", "colour_type", "row"),
    [
        (1, 0, bytes(25) + b"\xff" * 25),
        (2, 0, bytes(50) + b"\xff" * 50),
        (4, 0, bytes(100) + b"\xff" * 100),
        (8, 0, bytes(200) + b"\xff" * 200),
    ],
)
def test_few_bits_are_black_and_white(bits: int, colour_type: int, row: bytes):
    left, right = sides(png((400, 300), bits, colour_type, [row] * 300), "png")
    assert close(left, (0, 0, 0), 2) and close(right, (255, 255, 255), 2)


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("bits", [1, 8, 16])
def test_a_tiff_may_count_from_white(photometric: int, bits: int):
    full = 200 * bits // 8
    row = bytes(full) + b"\xff" * full
    left, right = sides(tiff((400, 300), bits, 1, photometric, row * 300), "tiff")
    black, white = (left, right) if photometric else (right, left)
    assert close(black, (0, 0, 0), 2) and close(white, (255, 255, 255), 2)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((0.0, 0.5), (0, 127)),
        ((0.25, 1.0), (64, 255)),
        ((-100.0, 300.0), (0, 255)),
        ((0.0, 40000.0), (0, 255)),
    ],
)
def test_floats_are_brought_into_range(values: Sequence[float], wanted: Sequence[int]):
    row = struct.pack("<f", values[0]) * 200 + struct.pack("<f", values[1]) * 200
    left, right = sides(tiff((400, 300), 32, 1, 1, row * 300, form=3), "tiff")
    assert close(left, (wanted[0],) * 3, 2) and close(right, (wanted[1],) * 3, 2)


def test_endless_floats_do_no_harm():
    row = struct.pack("<f", float("inf")) * 200 + struct.pack("<f", 0.5) * 200
    sides(tiff((400, 300), 32, 1, 1, row * 300, form=3), "tiff")


def test_palettes_with_several_degrees_of_transparency():
    from pictures import chunk

    palette = chunk(b"PLTE", bytes((255, 0, 0, 0, 0, 255)))
    alpha = chunk(b"tRNS", bytes((255, 128)))
    row = bytes(200) + b"\x01" * 200
    left, right = sides(png((400, 300), 8, 3, [row] * 300, before=[palette, alpha]), "png")
    assert close(left, (255, 0, 0), 3) and close(right, (127, 127, 255), 3)


@pytest.mark.parametrize(
    ("mode", "becomes"),
    [
        ("1", "L"), ("L", "L"), ("LA", "LA"), ("La", "LA"), ("P", "RGB"), ("PA", "RGBA"),
        ("RGB", "RGB"), ("RGBA", "RGBA"), ("RGBa", "RGBA"), ("RGBX", "RGB"), ("CMYK", "CMYK"),
        ("LAB", "LAB"), ("YCbCr", "RGB"), ("HSV", "RGB"),
    ],
)  # fmt: skip
def test_every_mode_becomes_one_of_six(mode: str, becomes: str):
    assert plain(Image.new(mode, (4, 4))).mode == becomes


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_transparent_colour_becomes_alpha(mode: str):
    image = Image.new(mode, (4, 4))
    image.info["transparency"] = (0, 0, 0) if mode == "RGB" else 0
    found = plain(image)
    assert found.mode == "RGBA"
    assert found.getchannel("A").getextrema() == (0, 0)
