import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from alternator.errors import DecoderError, MediaError
from alternator.media.picture import jpeg_of_picture, middle_frame

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (255, 255, 255)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG"
    return image


def close(image: Image.Image, position: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Whether a pixel has a colour, as far as JPEG keeps it."""
    found = image.convert("RGB").getpixel(position)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 30 for a, b in zip(found, colour, strict=True))


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def make(image: Image.Image, form: str = "PNG", **options: object) -> Path:
        path = tmp_path / f"picture.{form.lower()}"
        image.save(path, form, **options)
        return path

    return make


@pytest.mark.parametrize(("size", "expected"), [((4000, 1000), (2048, 512)), ((30, 20), (30, 20))])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_large_pictures_are_made_smaller_and_small_ones_are_not_made_larger(
    save: Callable[..., Path], size: tuple[int, int], expected: tuple[int, int], form: str
):
    path = save(Image.new("RGB", size, RED), form)
    assert opened(jpeg_of_picture(path, 2048)).size == expected


def test_a_picture_that_lies_on_its_side_is_set_upright(save: Callable[..., Path]):
    image = Image.new("RGB", (300, 200), RED)
    image.paste(BLUE, (0, 0, 100, 200))  # left as stored, above as shown
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    exif[0x010F] = "Maker of the camera"
    result = opened(jpeg_of_picture(save(image, "JPEG", exif=exif, quality=95), 2048))
    assert result.size == (200, 300)
    assert close(result, (100, 20), BLUE)
    assert close(result, (100, 280), RED)
    assert not result.getexif()


def test_transparent_parts_become_white(save: Callable[..., Path]):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((*GREEN, 255), (0, 0, 20, 40))
    result = opened(jpeg_of_picture(save(image), 2048))
    assert close(result, (5, 20), GREEN)
    assert close(result, (35, 20), WHITE)


def test_a_palette_with_a_transparent_colour_becomes_white(save: Callable[..., Path]):
    image = Image.new("P", (20, 20), 0)
    image.putpalette([0, 0, 0, *GREEN])
    image.paste(1, (0, 0, 10, 20))
    result = opened(jpeg_of_picture(save(image, transparency=0), 2048))
    assert close(result, (15, 10), WHITE)
    assert close(result, (4, 10), GREEN)


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_of_an_animation_the_middle_is_taken(save: Callable[..., Path], form: str):
    frames = [Image.new("RGB", (32, 32), colour) for colour in (WHITE, GREEN, RED)]
    path = save(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
    assert close(opened(jpeg_of_picture(path, 2048)), (16, 16), GREEN)


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "CMYK", "LA"])
def test_every_colour_mode_can_be_sent(tmp_path: Path, mode: str):
    path = tmp_path / "picture.tiff"
    Image.new(mode, (20, 10)).save(path, "TIFF")
    assert opened(jpeg_of_picture(path, 2048)).size == (20, 10)


def test_a_decompression_bomb_is_refused(tmp_path: Path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(MediaError, match="more than 178 million pixels"):
        jpeg_of_picture(path, 2048)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_damaged_picture_is_a_clear_error(save: Callable[..., Path], form: str):
    path = save(Image.effect_noise((200, 200), 80).convert("RGB"), form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    with pytest.raises(MediaError, match="can't be decoded"):
        jpeg_of_picture(path, 2048)


def test_what_is_no_picture_is_a_clear_error(tmp_path: Path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(500))
    with pytest.raises(MediaError, match="can't be decoded"):
        jpeg_of_picture(path, 2048)


def test_a_frame_comes_from_the_middle_of_a_video(make_media: Callable[..., Path], tmp_path: Path):
    colours = ("red", "blue", "red")
    inputs = [
        part for c in colours for part in ("-f", "lavfi", "-i", f"color={c}:d=1:s=64x48:r=10")
    ]
    video = make_media("loop.mp4", *inputs, "-filter_complex", "concat=n=3")
    frame = tmp_path / "frame.png"
    middle_frame(video, 3.0, frame)
    assert close(Image.open(frame), (32, 24), (0, 0, 255))
    middle_frame(video, None, frame)
    assert close(Image.open(frame), (32, 24), (255, 0, 0))


def test_a_video_without_a_picture_is_a_clear_error(tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x18ftypmp42" + os.urandom(500))
    with pytest.raises(MediaError, match="the video can't be decoded"):
        middle_frame(broken, None, tmp_path / "frame.png")


def test_a_machine_without_ffmpeg_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DecoderError, match="ffmpeg is not installed"):
        middle_frame(tmp_path / "video.mp4", None, tmp_path / "frame.png")
