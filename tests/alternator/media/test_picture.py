"""What a model is shown, through the decoder's own process: facts of pixels, format by format."""

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from pictures import (
    BLACK,
    BLUE,
    DISPLAY_P3,
    FORMS,
    GREEN,
    RED,
    WHITE,
    at,
    chunk,
    close,
    file_of,
    halves,
    opened,
    png,
    tiff,
)
from PIL import Image, ImageDraw

from alternator.errors import DamagedMediaError, MediaError, TemporaryMediaError, UnsureError
from alternator.media.child import Bounds
from alternator.media.picture import BOUNDS, MIB, Views, views_of, views_of_frames
from alternator.progress import Progress

See = Callable[..., Views]
TRANSPARENT = ("png", "gif", "webp", "avif", "heic", "tiff", "jxl")
WITH_PROFILE = ("jpeg", "png", "webp", "avif", "heic", "tiff")
TURNED = ("jpeg", "png", "webp", "avif", "heic", "tiff")
ANIMATED = ("gif", "png", "webp", "avif")


@pytest.fixture
def see(tmp_path: Path) -> See:
    """What a model is shown of a file's content."""

    def look(content: bytes, longest_side: int = 2048, **options: Any) -> Views:
        path = tmp_path / "attachment"
        path.write_bytes(content)
        return views_of(path, longest_side, **options)

    return look


def only(views: Views) -> Image.Image:
    assert views.kind == "still" and len(views.pictures) == 1
    return opened(views.pictures[0])


@pytest.mark.parametrize("form", FORMS)
def test_colours_are_where_they_were(see: See, form: str):
    image = only(see(file_of(halves((600, 400), RED, BLUE), form)))
    assert image.size == (600, 400)
    assert close(at(image, 0.2, 0.5), RED) and close(at(image, 0.8, 0.5), BLUE)


@pytest.mark.parametrize("form", FORMS)
def test_grey_is_grey(see: See, form: str):
    ramp = Image.linear_gradient("L").resize((400, 400))
    image = only(see(file_of(ramp if form != "heic" else ramp.convert("RGB"), form)))
    for down in (0.1, 0.5, 0.9):
        assert close(at(image, 0.5, down), (round(255 * down),) * 3)


@pytest.mark.parametrize("form", FORMS)
def test_large_pictures_are_made_smaller(see: See, form: str):
    image = only(see(file_of(halves((1500, 750), RED, BLUE), form), 1000))
    assert image.size == (1000, 500)
    assert close(at(image, 0.2, 0.5), RED) and close(at(image, 0.8, 0.5), BLUE)


@pytest.mark.parametrize("form", FORMS)
def test_tiny_pictures_are_made_larger(see: See, form: str):
    image = only(see(file_of(halves((16, 16), RED, BLUE), form)))
    assert image.size == (384, 384)
    assert close(at(image, 0.2, 0.5), RED) and close(at(image, 0.8, 0.5), BLUE)


@pytest.mark.parametrize("form", FORMS)
def test_long_pictures_are_shown_whole_and_in_parts(see: See, form: str):
    comic = Image.new("RGB", (250, 2500), WHITE)
    for number, colour in enumerate((RED, GREEN, BLUE, BLACK, RED)):
        comic.paste(colour, (25, 500 * number + 25, 225, 500 * number + 475))
    views = see(file_of(comic, form), 500)
    assert views.kind == "long"
    whole, *parts = (opened(picture) for picture in views.pictures)
    assert whole.size == (50, 500)
    # As sharp as the original, and nothing is left out.
    assert len(parts) == 6 and all(part.width == 250 and part.height <= 500 for part in parts)
    column = [at(part, 0.5, down / 50) for part in parts for down in range(51)]
    found = [c for y in column for c in (RED, GREEN, BLUE, BLACK) if close(y, c)]
    assert [colour for colour, _ in groupby(found)] == [RED, GREEN, BLUE, BLACK, RED]


@pytest.mark.parametrize("form", FORMS)
def test_half_a_file_may_be_whole_the_next_time(see: See, form: str):
    content = file_of(Image.effect_noise((300, 300), 90).convert("RGB"), form)
    with pytest.raises(DamagedMediaError) as caught:
        see(content[: len(content) // 2])
    assert "Traceback" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("form", TRANSPARENT)
def test_white_on_nothing_can_be_seen(see: See, form: str):
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 100, 300, 300), fill=(*WHITE, 255))
    shown = only(see(file_of(image, form)))
    assert close(at(shown, 0.5, 0.5), WHITE) and max(at(shown, 0.05, 0.05)) < 60


@pytest.mark.parametrize("form", TRANSPARENT)
def test_black_on_nothing_can_be_seen(see: See, form: str):
    image = Image.new("RGBA", (400, 400), (255, 255, 255, 0))
    ImageDraw.Draw(image).rectangle((100, 100, 300, 300), fill=(*BLACK, 255))
    shown = only(see(file_of(image, form)))
    assert close(at(shown, 0.5, 0.5), BLACK) and close(at(shown, 0.05, 0.05), WHITE)


@pytest.mark.parametrize("form", WITH_PROFILE)
def test_colours_of_another_space_are_brought_into_srgb(see: See, form: str):
    # sRGB's red as Display P3 has it; https://www.w3.org/TR/css-color-4/#color-conversion
    image = halves((400, 300), (234, 51, 35), (255, 255, 255))
    shown = only(see(file_of(image, form, icc_profile=DISPLAY_P3)))
    assert close(at(shown, 0.2, 0.5), (255, 0, 0), 8)


@pytest.mark.parametrize("form", WITH_PROFILE)
def test_a_bad_profile_is_passed_over(see: See, form: str):
    content = file_of(halves((400, 300), RED, BLUE), form, icc_profile=b"no profile at all" * 20)
    assert close(at(only(see(content)), 0.2, 0.5), RED)


@pytest.mark.parametrize("form", TURNED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_once(see: See, form: str, orientation: int):
    upright = Image.new("RGB", (600, 400), WHITE)
    upright.paste(RED, (0, 0, 300, 200))  # above, at the left
    upright.paste(BLUE, (300, 200, 600, 400))  # below, at the right
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's Transpose that undoes it
    stored = upright.transpose(Image.Transpose(back[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    # In HEIC the turn is no part of EXIF: its writer takes it from there.
    stored.info["exif"] = exif.tobytes()
    shown = only(see(file_of(stored, form, **({} if form == "heic" else {"exif": exif}))))
    assert shown.size == (600, 400)
    assert close(at(shown, 0.1, 0.1), RED) and close(at(shown, 0.9, 0.9), BLUE)
    assert close(at(shown, 0.9, 0.1), WHITE)


def test_a_jpeg_that_was_packed_as_jxl_is_what_it_was(see: See, tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = halves((400, 300), (234, 51, 35), WHITE)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(file_of(image, "jpeg", exif=exif, icc_profile=DISPLAY_P3))
    with Image.open(photo) as original, pytest.warns(UserWarning, match="JPEG reconstruction"):
        content = file_of(original, "jxl", lossless=False)
    shown = only(see(content))
    assert shown.size == (300, 400)
    assert close(at(shown, 0.5, 0.2), (255, 0, 0)) and close(at(shown, 0.5, 0.8), WHITE)


def test_in_jpeg_xl_the_format_itself_turns_and_exif_does_not_count(see: See):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = file_of(halves((600, 400), RED, BLUE), "jxl", exif=exif.tobytes())
    assert b"Exif" in content
    assert only(see(content)).size == (600, 400)


@pytest.mark.parametrize("form", ANIMATED)
def test_an_animation_is_shown_by_some_frames_in_order(see: See, form: str):
    frames = []
    for number in range(24):
        frame = Image.new("RGB", (300, 200), WHITE)
        frame.paste(RED, (12 * number, 50, 12 * number + 24, 150))
        frames.append(frame)
    blank = Image.new("RGB", (300, 200), WHITE)
    content = file_of(blank, form, save_all=True, append_images=frames, duration=100)
    views = see(content)
    assert views.kind == "moving" and len(views.pictures) == 4
    places = []
    for picture in views.pictures:
        row = [at(opened(picture), x / 300, 0.5) for x in range(300)]
        places.append(next(x for x, colour in enumerate(row) if close(colour, RED, 60)))
    assert places == sorted(places) and places[0] < 75 and places[-1] > 200


@pytest.mark.parametrize("form", ANIMATED)
def test_an_animation_in_which_nothing_happens_is_a_still(see: See, form: str):
    frame = halves((300, 200), RED, BLUE)
    again = frame.copy()
    again.putpixel((0, 0), BLUE)  # or encoders would drop it
    content = file_of(frame, form, save_all=True, append_images=[again] * 5, duration=100)
    assert close(at(only(see(content)), 0.2, 0.5), RED)


def test_jxl_without_a_container(see: See):
    content = file_of(halves((400, 300), RED, BLUE), "jxl", use_container=False)
    assert content.startswith(b"\xff\x0a")
    assert close(at(only(see(content)), 0.8, 0.5), BLUE)


def test_a_gain_map_makes_no_animation_of_a_photo(see: See):
    # As phones write them: a second JPEG behind the first.
    photo, gain = Image.new("RGB", (400, 300), GREEN), Image.new("RGB", (100, 75), BLACK)
    content = io.BytesIO()
    photo.save(content, "MPO", save_all=True, append_images=[gain])
    assert close(at(only(see(content.getvalue())), 0.5, 0.5), GREEN)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        b"%PDF-1.7\n",
        b"P6 1 1 255 abc",
        b"",
    ],
    ids=["svg", "eps", "pdf", "ppm", "empty"],
)
def test_what_is_no_picture_of_ours_is_not_even_decoded(see: See, content: bytes):
    with pytest.raises(MediaError, match="it is no picture"):
        see(content, bounds=Bounds(seconds=0.001, memory=1, output=1))


def huge_png(side: int) -> bytes:
    return png((side, side), 8, 2, [bytes(1000)])


@pytest.mark.parametrize("content", [huge_png(30000), huge_png(10001)], ids=["900 MP", "100 MP"])
def test_one_limit_on_pixels_with_one_message(see: See, content: bytes):
    with pytest.raises(MediaError) as caught:
        see(content)
    assert str(caught.value) == "the picture has more than 100 million pixels"
    assert not isinstance(caught.value, UnsureError)


@pytest.mark.parametrize("form", ["webp", "tiff", "bmp", "gif"])
def test_the_limit_on_pixels_is_that_of_every_format(see: See, form: str):
    content = bytearray(file_of(Image.new("RGB", (16, 16), RED), form))
    if form == "webp":  # a header alone, as an extended file
        content = bytearray(
            b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<II", 10, 0)
        )
        content += (16000).to_bytes(3, "little") * 2
    elif form == "bmp":
        content[18:26] = struct.pack("<ii", 20000, 20000)
    elif form == "gif":
        content[6:10] = struct.pack("<HH", 65535, 65535)
    else:
        content = bytearray(tiff((20000, 20000), 8, 3, 2, bytes(1000)))
    with pytest.raises(MediaError, match="more than 100 million pixels"):
        see(bytes(content))


def test_a_jpeg_of_more_pixels_is_decoded_smaller(see: See):
    photo = Image.new("RGB", (14000, 9000), GREEN)  # 126 million
    assert only(see(file_of(photo, "jpeg", quality=30))).size == (2048, 1317)


def test_a_picture_that_takes_too_long_costs_no_more_than_its_time(see: See):
    started = time.monotonic()
    with pytest.raises(DamagedMediaError, match=r"more than 0\.05 s"):
        see(
            file_of(halves((600, 400), RED, BLUE), "png"),
            bounds=Bounds(seconds=0.05, memory=MIB << 10, output=MIB),
        )
    assert time.monotonic() - started < 5


def test_a_picture_that_takes_too_much_memory_is_a_clear_error(see: See):
    content = file_of(Image.new("RGB", (9000, 9000), RED), "png")
    with pytest.raises(DamagedMediaError, match="needs more than 300 MB of memory"):
        see(content, bounds=Bounds(seconds=60, memory=300 * MIB, output=MIB))


def test_the_largest_pictures_fit_into_the_memory_that_is_granted(see: See):
    rows = (bytes(40000) for _ in range(10000))
    image = only(see(png((10000, 10000), 8, 6, rows)))  # RGBA
    assert image.size == (2048, 2048)


def test_a_gif_of_a_hundred_thousand_frames_ends(see: See):
    frame = b"!\xf9\x04\0\x0a\0\0\0" + b",\0\0\0\0\x01\0\x01\0\0" + b"\x02\x02D\x01\0"
    content = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(3) + b"\xff" * 3 + frame * 100_000 + b";"
    assert len(content) > 2_000_000
    started = time.monotonic()
    assert see(content).pictures
    assert time.monotonic() - started < 40


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP", b"tEXt"])
def test_a_text_that_unpacks_to_gigabytes_is_passed_over(see: See, kind: bytes):
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(bytes(MIB)) for _ in range(300)) + packing.flush()
    middle = b"\0\0" if kind != b"iTXt" else b"\0\x01\0\0\0"
    data = b"word" + middle + packed
    row = bytes(RED) * 400
    content = png((400, 300), 8, 2, [row] * 300, before=[chunk(kind, data)])
    shown = see(content, bounds=Bounds(seconds=30, memory=400 * MIB, output=8 * MIB))
    assert close(at(only(shown), 0.5, 0.5), RED)


def test_a_tiff_whose_directory_is_endless_ends(see: See):
    content = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 65535)
    content += b"".join(
        struct.pack("<HHII", 40000 + n % 9999, 1, 0xFFFFFFFF, 8) for n in range(65535)
    )
    with pytest.raises(DamagedMediaError):
        see(content + struct.pack("<I", 8))


def test_where_no_process_can_be_started_it_may_pass(see: See, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(TemporaryMediaError, match="no memory left"):
        see(file_of(halves((60, 40), RED, BLUE), "png"))


def test_decoding_shows_that_it_is_alive_and_can_be_broken_off(see: See):
    class Stop(Progress):
        def beat(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        see(file_of(halves((60, 40), RED, BLUE), "png"), progress=Stop())


def test_frames_of_a_video_are_those_that_tell_it(tmp_path: Path):
    paths = []
    for number, colour in enumerate((BLACK, RED, RED, GREEN, BLUE)):
        image = halves((320, 240), colour, WHITE) if number else Image.new("RGB", (320, 240), BLACK)
        path = tmp_path / f"{number}.png"
        image.save(path)
        paths.append(path)
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")  # one that can't be read
    views = views_of_frames(paths, 2048)
    assert views.kind == "moving"
    assert [
        close(at(opened(p), 0.2, 0.5), c)
        for p, c in zip(views.pictures, (RED, GREEN, BLUE), strict=True)
    ] == [True] * 3


def test_pillow_stays_out_of_the_bots_own_process():
    code = (
        "import sys, alternator.bot.run; "
        "print([m for m in ('PIL', 'numpy', 'pi_heif', 'pillow_jxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_bounds_are_written_down():
    assert (BOUNDS.seconds, BOUNDS.memory // MIB) == (60.0, 1792)
