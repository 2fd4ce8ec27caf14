import io
import struct
import time
from itertools import pairwise

import pytest
from pictures import BLUE, GREEN, RED, WHITE, chunk, file_of, halves
from PIL import GifImagePlugin, Image, PngImagePlugin

from alternator.media.decoder import animation
from alternator.media.decoder.animation import MOST_KEPT, Frame, frames_of, telling


def frame(image: Image.Image, number: int) -> Frame:
    return Frame(image=image, number=number, second=number / 10)


def bars(count: int) -> list[Frame]:
    """A bar that wanders from left to right."""
    found = []
    for number in range(count):
        image = Image.new("RGB", (300, 100), WHITE)
        image.paste(RED, (280 * number // count, 0, 280 * number // count + 20, 100))
        found.append(frame(image, number))
    return found


def test_four_frames_over_the_whole_time():
    chosen = telling(bars(40))
    assert [item.number for item in chosen] == [5, 15, 24, 34]


def test_few_frames_are_all_shown():
    assert len(telling(bars(3))) == 3


def test_blank_frames_and_those_seen_before_are_left_out():
    blank = Image.new("RGB", (60, 40), WHITE)
    one, two = halves((60, 40), RED, BLUE), halves((60, 40), BLUE, GREEN)
    frames = [frame(image, n) for n, image in enumerate([blank, one, one, two, blank, one, two])]
    assert [item.number for item in telling(frames)] == [1, 3]


def test_a_flat_colour_is_something_and_black_and_white_are_where_there_is_nothing_else():
    flat = [(60, 40, colour) for colour in (WHITE, RED, (0, 0, 0), WHITE)]
    frames = [frame(Image.new("RGB", (w, h), colour), n) for n, (w, h, colour) in enumerate(flat)]
    assert [item.number for item in telling(frames)] == [1]
    assert [item.number for item in telling([frames[0], *frames[2:]])] == [0, 2]


def test_what_moves_on_nothing_moves():
    frames = []
    for number in range(3):
        image = Image.new("RGBA", (90, 90), (0, 0, 0, 0))
        image.paste((*WHITE, 255), (30 * number, 0, 30 * number + 30, 90))
        frames.append(frame(image, number))
    assert len(telling(frames)) == 3


def gif(count: int, hundredths: int = 4) -> bytes:
    """Frames of one pixel."""
    control = b"!\xf9\x04\0" + struct.pack("<H", hundredths) + b"\0\0"
    one = control + b",\0\0\0\0\x01\0\x01\0\0" + b"\x02\x02D\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(3) + b"\xff" * 3 + one * count + b";"


def gone_through(content: bytes) -> list[Frame]:
    with GifImagePlugin.GifImageFile(io.BytesIO(content)) as picture:
        return frames_of(picture, lambda item: item.copy())


def test_no_more_than_some_are_kept_however_many_come():
    numbers = [item.number for item in gone_through(gif(3000))]
    assert MOST_KEPT / 2 <= len(numbers) <= MOST_KEPT
    assert {b - a for a, b in pairwise(numbers)} == {64} and numbers[-1] > 2900


def test_the_time_of_a_frame_is_that_of_those_before_it():
    assert [item.second for item in gone_through(gif(4, 50))] == [0.0, 0.5, 1.0, 1.5]
    # Too short to be meant: browsers take a tenth of a second.
    assert [item.second for item in gone_through(gif(3, 0))] == pytest.approx([0.0, 0.1, 0.2])


def test_frames_pixels_and_time_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(animation, "MOST_FRAMES", 50)
    assert gone_through(gif(100))[-1].number < 50
    monkeypatch.setattr(animation, "MOST_FRAME_PIXELS", 9)
    assert gone_through(gif(100))[-1].number == 9
    monkeypatch.setattr(animation, "MOST_SECONDS", -1.0)
    started = time.monotonic()
    assert [item.number for item in gone_through(gif(100_000))] == [0]
    assert time.monotonic() - started < 5


def test_a_damaged_end_ends_it():
    content = gif(10)
    found = gone_through(content[:-40])
    assert 5 < len(found) < 10


def test_the_picture_for_readers_without_animation_is_no_frame():
    first, second = halves((60, 40), RED, BLUE), halves((60, 40), BLUE, GREEN)
    content = file_of(
        Image.new("RGB", (60, 40), WHITE),
        "png",
        save_all=True,
        append_images=[first, second],
        default_image=True,
    )
    with PngImagePlugin.PngImageFile(io.BytesIO(content)) as picture:
        numbers = [item.number for item in frames_of(picture, lambda item: item.copy())]
    assert numbers == [1, 2]
    assert chunk(b"IEND", b"") in content


def test_as_many_frames_are_shown_as_are_asked_for():
    shades = [Image.new("RGB", (8, 8), (40 * number, 20, 200)) for number in range(6)]
    frames = [
        Frame(image=shade, number=number, second=float(number))
        for number, shade in enumerate(shades)
    ]
    assert len(telling(frames)) == 4
    assert [frame.number for frame in telling(frames, 6)] == [0, 1, 2, 3, 4, 5]
