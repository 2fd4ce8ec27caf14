"""The shots of real videos by real ffmpeg."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.media import video_moments
from alternator.media.child import Bounds
from alternator.media.video_moments import MIB, cuts_of, moments, moments_of_video

MakeMedia = Callable[..., Path]
CHECKOUT = Path(__file__).parents[3]
SOURCES = ("testsrc2=d=3:s=320x240:r=25", "color=navy:d=1:s=320x240:r=25", "smptebars=d=2:r=25")


@pytest.fixture
def three_shots(make_media: MakeMedia) -> Path:
    """A video whose picture changes after 3 s and after 4 s, 6 s long."""
    inputs = [word for source in SOURCES for word in ("-f", "lavfi", "-i", source)]
    graph = "[0]scale=160:120[a];[1]scale=160:120[b];[2]scale=160:120[c];[a][b][c]concat=n=3"
    return make_media("shots.mp4", *inputs, "-filter_complex", graph)


def test_a_shot_ends_where_the_picture_changes_as_a_whole(three_shots: Path):
    assert cuts_of(three_shots, "0:V:0", 6.0) == pytest.approx((3.0, 4.0), abs=0.05)
    chosen = moments_of_video(three_shots, "0:V:0", 6.0, 3)
    assert chosen == pytest.approx([1.5, 3.5, 5.0], abs=0.05)


def test_where_nothing_changes_there_is_no_cut(make_media: MakeMedia):
    still = make_media("still.mp4", "-f", "lavfi", "-i", "color=red:d=2:s=64x48:r=10")
    assert cuts_of(still, "0:V:0", 2.0) == ()


def test_of_a_long_video_only_the_frames_are_decoded_that_need_no_other(
    three_shots: Path, make_media: MakeMedia
):
    keys = ("-force_key_frames", "3,4", "-bf", "0")
    marked = make_media("marked.mp4", "-i", str(three_shots), *keys)
    assert cuts_of(marked, "0:V:0", 600.0) == pytest.approx((3.0, 4.0), abs=0.05)


def test_what_takes_too_long_or_says_too_much_has_no_cuts(
    three_shots: Path, monkeypatch: pytest.MonkeyPatch
):
    for bounds in (
        Bounds(seconds=0.001, memory=2048 * MIB, output=MIB, file=MIB),
        Bounds(seconds=30, memory=2048 * MIB, output=100, file=MIB),
        Bounds(seconds=30, memory=64 * MIB, output=MIB, file=MIB),
    ):
        monkeypatch.setattr(video_moments, "BOUNDS", bounds)
        assert cuts_of(three_shots, "0:V:0", 6.0) == ()


def test_a_file_that_is_no_video_has_no_cuts(tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(500))
    assert cuts_of(broken, "0:V:0", 6.0) == ()


@pytest.mark.parametrize(
    ("seconds", "cuts", "count", "chosen"),
    [
        (8.0, (), 4, [1.0, 3.0, 5.0, 7.0]),
        (8.0, (), 1, [4.0]),
        (10.0, (6.0,), 2, [3.0, 8.0]),
        (10.0, (6.0,), 3, [1.5, 4.5, 8.0]),
        (10.0, (1.0, 5.0, 6.0), 2, [3.0, 8.0]),  # the longest two
        (10.0, (5.0, 5.05, 5.1), 2, [2.5, 7.5]),  # flashes are no shots
        (10.0, (-1.0, 0.0, 10.0, 99.0), 2, [2.5, 7.5]),
        (0.1, (), 2, [0.025, 0.075]),
    ],
)
# size: a row has four.
def test_moments_lie_in_the_longest_shots(
    seconds: float, cuts: tuple[float, ...], count: int, chosen: list[float]
):
    assert moments(seconds, cuts, count) == pytest.approx(chosen)


def test_a_thousand_cuts_cost_no_more_than_one():
    assert len(moments(600.0, [0.3 * number for number in range(1, 2000)], 8)) == 8


def test_the_images_have_what_is_asked_of_ffmpeg():
    script = (CHECKOUT / "images/scripts/debian/build-ffmpeg.sh").read_text()
    (line,) = re.findall(r"^filters=(.*)$", script, re.MULTILINE)
    assert {"scale", "select", "showinfo"} <= set(line.split(","))
