"""Colour spaces, looked at in what a model is shown of them."""

import io
import struct

import pytest
from pictures import DISPLAY_P3, at, chunk, close, file_of, halves, opened, png, tiff
from PIL import Image, ImageCms

from alternator.media.decoder.colours import Space, space_of
from alternator.media.decoder.profiles import srgb_light
from alternator.media.decoder.signalled import Cicp
from alternator.media.decoder.viewing import views_of_picture

Colour = tuple[int, int, int]


def seen(content: bytes, form: str) -> tuple[Colour, Colour]:
    image = opened(views_of_picture(content, f"image/{form}", 2048).pictures[0])
    return at(image, 0.2, 0.5), at(image, 0.8, 0.5)


def rows(left: Colour, right: Colour) -> list[bytes]:
    return [bytes(left) * 200 + bytes(right) * 200] * 300


@pytest.mark.parametrize("transform", ["cmyk", "ycck"])
def test_a_jpeg_of_inks_is_no_negative(transform: str):
    inks = Image.new("CMYK", (400, 300), (0, 0, 0, 0))  # paper
    inks.paste((0, 255, 255, 0), (0, 0, 200, 300))  # magenta and yellow
    content = file_of(inks, "jpeg")
    # As Adobe writes them: inverted, with a marker. Pillow writes CMYK so; YCCK differs by a byte.
    assert b"Adobe" in content
    if transform == "cmyk":
        left, right = seen(content, "jpeg")
        assert left[0] > 200 and max(left[1:]) < 60 and min(right) > 240
    else:
        place = content.index(b"Adobe") + 11
        content = content[:place] + b"\x02" + content[place + 1 :]
        assert seen(content, "jpeg")  # the colours of a file that lies: nobody knows


def test_a_tiff_of_inks():
    row = bytes((0, 255, 255, 0)) * 200 + bytes(4) * 200
    left, right = seen(tiff((400, 300), 8, 4, 5, row * 300), "tiff")
    assert left[0] > 200 and max(left[1:]) < 60 and min(right) > 240


def test_lab_is_what_its_numbers_say():
    # Red and white of sRGB: https://www.w3.org/TR/css-color-4/#lab-to-srgb
    row = struct.pack("<Bbb", 138, 81, 70) * 200 + struct.pack("<Bbb", 255, 0, 0) * 200
    left, right = seen(tiff((400, 300), 8, 3, 8, row * 300), "tiff")
    assert close(left, (255, 0, 0), 12) and close(right, (255, 255, 255), 3)


def test_a_grey_profile_is_applied():
    # Light in proportion to the number: half is 188 in sRGB.
    curve = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", 256)  # gamma 1.0
    tags = {b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061), b"kTRC": curve}
    content, table, start = b"", b"", 128 + 4 + 12 * 2
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4xI", start + len(content), 0x02400000) + b"mntrGRAYXYZ "
    header = (header + bytes(12) + b"acsp").ljust(68, b"\0")
    header = (header + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0")
    profile = header + struct.pack(">I", 2) + table + content
    image = Image.new("L", (400, 300), 128)
    left, _ = seen(file_of(image, "png", icc_profile=profile), "png")
    assert close(left, (188, 188, 188), 3)


def test_a_profile_of_something_else_is_passed_over():
    image = Image.new("CMYK", (400, 300), (0, 255, 255, 0))
    left, _ = seen(file_of(image, "jpeg", icc_profile=DISPLAY_P3), "jpeg")
    assert left[0] > 200 and max(left[1:]) < 60
    grey = Image.new("L", (400, 300), 100)
    left, _ = seen(file_of(grey, "png", icc_profile=DISPLAY_P3), "png")
    assert close(left, (100, 100, 100), 2)


def test_alpha_is_kept_beside_a_profile():
    image = halves((400, 300), (234, 51, 35), (0, 0, 0)).convert("RGBA")
    image.paste((0, 0, 0, 0), (200, 0, 400, 300))
    left, right = seen(file_of(image, "png", icc_profile=DISPLAY_P3), "png")
    assert close(left, (255, 0, 0), 4) and close(right, (255, 255, 255), 2)


def test_a_png_that_is_linear_by_its_gamma():
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    content = png((400, 300), 8, 2, rows((128, 55, 10), (0, 255, 0)), before=[gamma])
    left, right = seen(content, "png")
    red, green, blue = (round(255 * _encoded(value / 255)) for value in (128, 55, 10))
    assert close(left, (red, green, blue), 3)
    assert close(right, (0, 255, 0), 2)


def _encoded(light: float) -> float:
    return next(step / 1000 for step in range(1001) if srgb_light(step / 1000) >= light)


@pytest.mark.parametrize(
    "before",
    [
        [chunk(b"gAMA", struct.pack(">I", 45455))],
        [chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 100_000))],
        [chunk(b"gAMA", struct.pack(">I", 0))],
        [chunk(b"gAMA", struct.pack(">I", 60_000)), chunk(b"cHRM", bytes(32))],
    ],
    ids=["usual", "sRGB goes before", "no gamma", "no colours"],
)
def test_a_gamma_that_says_nothing_new(before: list[bytes]):
    left, _ = seen(png((400, 300), 8, 2, rows((128, 55, 10), (0, 0, 0)), before=before), "png")
    assert close(left, (128, 55, 10), 25)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_neither_grey_nor_burnt_out(transfer: int):
    cicp = chunk(b"cICP", bytes((9, transfer, 0, 1)))
    paper = 148 if transfer == 16 else 191  # 203 nits
    content = png((400, 300), 8, 2, rows((paper,) * 3, (paper // 2,) * 3), before=[cicp])
    left, right = seen(content, "png")
    assert left[0] > 220 and max(left) - min(left) < 3
    assert right[0] < paper // 2 + 20  # darker than its number: dark is dark


@pytest.mark.parametrize("form", ["heic", "avif"])
def test_hdr_in_the_containers_of_phones(form: str):
    image = halves((400, 300), (148, 148, 148), (74, 74, 74))
    numbers = {"color_primaries": 9, "transfer_characteristics": 16}
    content = file_of(image, form, **(numbers if form == "heic" else {}))
    if form == "avif":  # Pillow writes sRGB's numbers only
        content = content.replace(b"nclx\0\x01\0\x0d", b"nclx\0\x09\0\x10")
    left, right = seen(content, form)
    assert left[0] > 215 and right[0] < 70


def test_what_goes_before_what():
    numbers, info = Cicp(primaries=9, transfer=16), {"icc_profile": b"a profile"}
    assert space_of(info, numbers, "image/png").profile != b"a profile"
    assert space_of(info, numbers, "image/avif").profile == b"a profile"
    assert space_of({}, numbers, "image/avif").profile is not None
    assert space_of({}, None, "image/jpeg") == Space()
    assert space_of({}, Cicp(primaries=1, transfer=13), "image/png") == Space()


def test_a_real_profile_of_another_space_is_read():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = Image.new("RGB", (4, 4), (10, 200, 30))
    assert Space(profile=lab).to_srgb(image).getpixel((0, 0)) == (10, 200, 30)
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert Space(profile=xyz).to_srgb(image).getpixel((0, 0)) == (10, 200, 30)
    assert io.BytesIO(lab)
