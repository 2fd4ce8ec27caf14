"""Frames of real videos by real ffmpeg, within bounds."""

import os
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from pictures import GREEN, at, close, file_of, opened
from PIL import Image

from alternator.errors import DamagedMediaError, DecoderError
from alternator.media.child import Bounds
from alternator.media.picture import Views, views_of_frames
from alternator.media.video_frames import FRAMES, MIB, duration_of, frames_of_video
from alternator.progress import Progress

MakeMedia = Callable[..., Path]
PURE = {"red": (254, 0, 0), "lime": (0, 255, 1), "blue": (0, 0, 254)}


def loop_of(make_media: MakeMedia, name: str, *colours: str, options: tuple[str, ...] = ()) -> Path:
    """A video of a second of each colour."""
    inputs: list[str] = []
    for colour in colours:
        source = f"color={colour}:d=1:s=64x48:r=10,drawbox=w=9:h=9:c=white:t=fill"
        inputs += ["-f", "lavfi", "-i", source]
    return make_media(name, *inputs, "-filter_complex", f"concat=n={len(colours)}", *options)


def seen(path: Path, duration: float | None, folder: Path) -> Views:
    folder.mkdir(exist_ok=True)
    return views_of_frames(frames_of_video(path, duration, 2048, folder), 2048)


@pytest.mark.parametrize(
    ("name", "options"),
    [("l.mp4", ()), ("l.webm", ("-c:v", "libvpx")), ("l.mkv", ()), ("l.mov", ()), ("l.avi", ())],
)
@pytest.mark.parametrize("duration", [3.0, None], ids=["told", "asked"])
# size: two fixtures, three parameters.
def test_frames_come_from_the_whole_of_a_video(
    make_media: MakeMedia,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    duration: float | None,
):
    video = loop_of(make_media, name, "red", "lime", "blue", options=options)
    views = seen(video, duration, tmp_path / "frames")
    assert views.kind == "moving"
    found = [at(opened(picture), 0.5, 0.5) for picture in views.pictures]
    # A lossy one may differ from itself a little, and be shown once more.
    names = [name for colour in found for name, pure in PURE.items() if close(colour, pure, 40)]
    assert [name for name, _ in groupby(names)] == list(PURE) and len(names) == len(found)


@pytest.mark.parametrize("duration", [1e9, float("nan"), -3.0, 0.0])
def test_a_wrong_duration_does_no_harm(make_media: MakeMedia, tmp_path: Path, duration: float):
    video = loop_of(make_media, "loop.mp4", "red", "lime", "blue")
    views = seen(video, duration, tmp_path / "frames")
    assert close(at(opened(views.pictures[0]), 0.5, 0.5), PURE["red"], 40)


def test_a_video_in_which_nothing_happens_is_a_still(make_media: MakeMedia, tmp_path: Path):
    views = seen(loop_of(make_media, "still.mp4", "blue"), 1.0, tmp_path / "frames")
    assert views.kind == "still" and len(views.pictures) == 1


def test_pixels_that_are_not_square_are_made_so(make_media: MakeMedia, tmp_path: Path):
    video = make_media(
        "wide.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=720x576:r=5", "-vf", "setsar=64/45"
    )
    (first, *_) = frames_of_video(video, 1.0, 2048, tmp_path)
    with Image.open(first) as frame:
        assert frame.size == (1024, 576)


def test_a_video_that_lies_on_its_side_is_set_upright(make_media: MakeMedia, tmp_path: Path):
    flat = make_media("flat.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=160x90:r=5")
    turned = make_media("turned.mp4", "-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=90")
    (first, *_) = frames_of_video(turned, 1.0, 2048, tmp_path)
    with Image.open(first) as frame:
        assert frame.size == (90, 160)


def test_large_frames_are_made_smaller(make_media: MakeMedia, tmp_path: Path):
    video = make_media("large.mp4", "-f", "lavfi", "-i", "testsrc=d=0.4:s=1280x720:r=5")
    (first, *_) = frames_of_video(video, 0.4, 640, tmp_path)
    with Image.open(first) as frame:
        assert frame.size == (640, 360)


def test_a_video_without_a_picture_is_a_clear_error(make_media: MakeMedia, tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x18ftypmp42" + os.urandom(500))
    sound = make_media("sound.mp4", "-f", "lavfi", "-i", "sine=d=1")
    for path in (broken, sound):
        with pytest.raises(DamagedMediaError, match="the video can't be decoded"):
            frames_of_video(path, None, 2048, tmp_path)


def test_a_playlist_opens_no_other_file(make_media: MakeMedia, tmp_path: Path):
    secret = loop_of(make_media, "secret.ts", "red")
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    for path in (playlist, script):
        with pytest.raises(DamagedMediaError):
            frames_of_video(path, 1.0, 2048, tmp_path)


def test_time_and_memory_are_bounded_and_it_shows_that_it_is_alive(
    make_media: MakeMedia, tmp_path: Path
):
    class Beats(Progress):
        count = 0

        def beat(self) -> None:
            self.count += 1

    beats = Beats()
    video = loop_of(make_media, "loop.mp4", "red", "lime")
    assert frames_of_video(video, 2.0, 2048, tmp_path, progress=beats)
    assert beats.count >= FRAMES
    folder = tmp_path / "none"
    folder.mkdir()
    for bounds in (
        Bounds(seconds=0.001, memory=2048 * MIB, output=4096, file=32 * MIB),
        Bounds(seconds=30, memory=64 * MIB, output=4096, file=32 * MIB),
        Bounds(seconds=30, memory=2048 * MIB, output=4096, file=0),
    ):
        started = time.monotonic()
        with pytest.raises(DamagedMediaError):
            frames_of_video(video, 2.0, 2048, folder, bounds=bounds)
        assert time.monotonic() - started < 10


def test_how_long_a_video_says_it_is(make_media: MakeMedia, tmp_path: Path):
    assert duration_of(loop_of(make_media, "loop.mp4", "red", "blue")) == pytest.approx(
        2.0, abs=0.2
    )
    picture = tmp_path / "picture.mp4"
    picture.write_bytes(file_of(Image.new("RGB", (9, 9), GREEN), "png"))
    assert duration_of(picture) is None


def test_a_machine_without_ffmpeg_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DecoderError, match="ffmpeg is not installed"):
        frames_of_video(tmp_path / "video.mp4", 1.0, 2048, tmp_path)


def test_a_cover_is_shown_only_where_there_is_nothing_else(make_media: MakeMedia, tmp_path: Path):
    cover = make_media("cover.jpg", "-f", "lavfi", "-i", "color=lime:s=64x64", "-frames:v", "1")
    song = ("-f", "lavfi", "-i", "sine=d=1", "-i", str(cover))
    attached = ("-map", "1", "-map", "0", "-c:v:0", "copy", "-disposition:v:0", "attached_pic")
    video = loop_of(make_media, "red.mp4", "red")
    with_cover = make_media("v.mp4", "-i", str(video), "-i", str(cover), *attached)
    for name, path, colour in (
        ("video", with_cover, PURE["red"]),
        ("song", make_media("s.mp4", *song, *attached), PURE["lime"]),
    ):
        views = seen(path, 1.0, tmp_path / name)
        assert close(at(opened(views.pictures[0]), 0.5, 0.5), colour, 40), name
