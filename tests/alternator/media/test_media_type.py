from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from pictures import FORMS, file_of
from PIL import Image

from alternator.media.media_type import HEAD_BYTES, Kind, canonical, excerpt, media_type

TONE = ("-f", "lavfi", "-i", "sine=d=0.5")
PICTURES = ("-f", "lavfi", "-i", "testsrc=d=0.4:s=64x64:r=5")


def head(path: Path) -> bytes:
    return path.read_bytes()[:HEAD_BYTES]


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("a.mp3", "libmp3lame", "audio/mpeg"),
        ("a.ogg", "libvorbis", "audio/ogg"),
        ("a.opus", "libopus", "audio/ogg"),
        ("a.m4a", "aac", "audio/mp4"),
        ("a.aac", "aac", "audio/aac"),
        ("a.wav", "pcm_s16le", "audio/wav"),
        ("a.flac", "flac", "audio/flac"),
        ("a.webm", "libopus", "audio/webm"),
    ],
)
def test_audio_is_told_by_its_content(
    make_media: Callable[..., Path], name: str, codec: str, expected: str
):
    assert media_type(head(make_media(name, *TONE, "-c:a", codec)), "audio") == expected


def test_an_mp3_without_tags_is_told_too(make_media: Callable[..., Path]):
    plain = make_media("a.mp3", *TONE, "-id3v2_version", "0", "-write_xing", "0")
    assert media_type(head(plain), "audio") == "audio/mpeg"


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("v.mp4", "libx264", "video/mp4"),
        ("v.mov", "libx264", "video/quicktime"),
        ("v.webm", "libvpx", "video/webm"),
        ("v.mkv", "libx264", "video/x-matroska"),
        ("v.avi", "mpeg4", "video/x-msvideo"),
        ("v.mpg", "mpeg2video", "video/mpeg"),
        ("v.flv", "flv", "video/x-flv"),
        ("v.wmv", "wmv2", "video/x-ms-wmv"),
        ("v.3gp", "mpeg4", "video/3gpp"),
    ],
)
def test_video_is_told_by_its_content(
    make_media: Callable[..., Path], name: str, codec: str, expected: str
):
    rate = ("-r", "25") if name.endswith(".mpg") else ()
    assert media_type(head(make_media(name, *PICTURES, *rate, "-c:v", codec)), "video") == expected


@pytest.mark.parametrize("form", FORMS)
def test_pictures_are_told_by_their_content(form: str):
    content = file_of(Image.new("RGB", (8, 8)), form)
    for kind in get_args(Kind):
        assert media_type(content[:HEAD_BYTES], kind) == f"image/{form}"


def test_pictures_of_other_kinds_within_a_format():
    still = Image.new("RGB", (8, 8), "red")
    moving = {"save_all": True, "append_images": [Image.new("RGB", (8, 8), "blue")]}
    for form in ("png", "gif", "webp", "avif"):
        assert media_type(file_of(still, form, **moving)[:HEAD_BYTES], "image") == f"image/{form}"
    assert media_type(file_of(still, "jxl", use_container=False)[:64], "image") == "image/jxl"
    for mode in ("1", "P", "RGBA"):
        assert media_type(file_of(Image.new(mode, (8, 8)), "bmp")[:64], "image") == "image/bmp"
    for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        assert media_type(start + bytes(60), "image") == "image/tiff"


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"avif", "image/avif"),
        (b"avis", "image/avif"),
        *((b"hei" + letter, "image/heic") for letter in (b"c", b"x", b"m", b"s")),
        *((b"hev" + letter, "image/heic") for letter in (b"c", b"x", b"m", b"s")),
        (b"mif1\0\0\0\0mif1heic", "image/heic"),
        (b"mif1\0\0\0\0mif1avifmiaf", "image/avif"),
        (b"msf1\0\0\0\0msf1miafavis", "image/avif"),
        (b"mif1\0\0\0\0mif1miaf", "image/heic"),
        (b"isom\0\0\0\0isomavc1", "video/mp4"),
    ],
)
def test_brands_of_pictures_and_videos(brands: bytes, expected: str):
    content = b"\0\0\0\x20ftyp" + brands.ljust(60, b"\0")
    assert media_type(content[:HEAD_BYTES], "image") == expected


@pytest.mark.parametrize(
    "content",
    [
        *(b"<!DOCTYPE html><html>", b"%PDF-1.7", b"", b"\x00" * 64, b"PK\x03\x04"),
        *(b"just some words", b"BMW is a maker of cars and of words", b"MMORPG", b"II. Chapter"),
        *(b"%!PS-Adobe-3.0 EPSF-3.0", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"P6 9 9 255 "),
    ],
)
@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_what_is_no_media_is_told(content: bytes, kind: Kind):
    assert media_type(content, kind) is None


def test_other_names_are_brought_into_one():
    assert canonical("audio/mp3") == canonical("audio/MPEG") == "audio/mpeg"
    assert canonical("image/apng") == "image/png"
    assert canonical("image/heif") == canonical("image/heif-sequence") == "image/heic"
    assert canonical("image/x-ms-bmp") == "image/bmp" and canonical("image/tif") == "image/tiff"
    assert canonical("audio/x-wav; rate=44100") == "audio/wav"


def test_the_start_of_a_file_can_be_shown():
    assert excerpt(b"<!DOCTYPE html>") == "'<!DOCTYPE ht'"
    assert excerpt(b"\xff\xfe") == "'??'"
