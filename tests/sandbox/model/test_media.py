"""What is found in files."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from sandbox.model.media import (
    PREVIEW_PIXELS,
    ProbedStream,
    UnreadableError,
    clock,
    inspect,
    probed,
)

HAS_FFPROBE = shutil.which("ffprobe") is not None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0:00:00.50"), (62.5, "0:01:02.50"), (3723.0, "1:02:03.00")]
)
def test_durations_are_written_as_mastodon_does(seconds, text):
    assert clock(seconds) == text


def test_a_picture_is_measured_and_gets_a_preview(picture):
    found = inspect(picture, "image/png")
    assert found.type == "image"
    assert found.meta["original"] == {"width": 60, "height": 40, "size": "60x40", "aspect": 1.5}
    assert found.preview is not None
    with Image.open(found.preview) as preview:
        assert preview.size == (60, 40)


def test_a_large_picture_has_a_small_preview_of_its_shape(tmp_path):
    path = tmp_path / "large.png"
    Image.new("RGB", (2000, 1000)).save(path)
    small = inspect(path, "image/png").meta["small"]
    assert small["width"] * small["height"] <= PREVIEW_PIXELS
    assert small["aspect"] == pytest.approx(2.0, abs=0.01)


def test_moving_pictures_are_a_gifv(tmp_path):
    path = tmp_path / "moving.gif"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert inspect(path, "image/gif").type == "gifv"


@pytest.mark.parametrize("media_type", ["image/png", "audio/mpeg", "video/mp4"])
def test_what_is_no_medium_is_unreadable(tmp_path: Path, media_type: str):
    if not media_type.startswith("image/") and not HAS_FFPROBE:
        pytest.skip("ffprobe is not installed: nothing looks into clips")
    path = tmp_path / "words"
    path.write_bytes(b"no picture and no sound")
    with pytest.raises(UnreadableError):
        inspect(path, media_type)


@pytest.mark.skipif(not HAS_FFPROBE, reason="ffprobe is not installed: nothing looks into clips")
def test_sound_declared_as_a_video_is_audio(clip):
    found = inspect(clip, "video/mp4")
    assert (found.type, found.preview) == ("audio", None)
    assert found.meta["audio_encode"] == "pcm_s16le"


def test_what_ffprobe_leaves_out_is_unknown():
    found = probed({}, [{"codec_type": "audio"}])
    assert (found.duration, found.bit_rate) == (0.0, None)
    assert found.first("audio") == ProbedStream(
        kind="audio", codec=None, width=0, height=0, frame_rate=None
    )
    assert found.first("video") is None
