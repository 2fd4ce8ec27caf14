"""Channels that cancel each other out; and those that are left as they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alternator.media.audio import SAMPLE_RATE, decode
from alternator.media.audio_channels import is_faint

MakeMedia = Callable[..., Path]
NOTE = "All channels together are silent, so only channel {} was listened to."
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3,volume=4")
INVERTED = "pan=stereo|c0=c0|c1=-0.97*c0"


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "m4a", "opus"])
def test_one_channel_turned_round(make_media: MakeMedia, suffix: str) -> None:
    sound = decode(make_media(f"turned.{suffix}", *TONE, "-af", INVERTED, "-ar", "48000"))
    quiet = decode(make_media("one.wav", *TONE))
    assert sound.notes == (NOTE.format(1),)
    assert len(sound.samples) == pytest.approx(3 * SAMPLE_RATE, abs=1600)
    assert loudness(sound.samples) == pytest.approx(loudness(quiet.samples), rel=0.1)


def test_two_of_eight_at_192_khz(make_media: MakeMedia) -> None:
    mix = "pan=7.1|c0=0.97*c0|c1=-1*c0"
    sound = decode(make_media("eight.wav", *TONE, "-af", mix, "-ar", "192000"))
    assert sound.notes == (NOTE.format(2),) and loudness(sound.samples) > 0.1


def test_a_channel_that_is_no_number(make_media: MakeMedia) -> None:
    options = ("-af", "aeval=0/0|val(0)", "-c:a", "pcm_f32le")
    sound = decode(make_media("dead.wav", *TONE, *options))
    assert sound.notes == (NOTE.format(2),) and loudness(sound.samples) > 0.1


@pytest.mark.parametrize(
    "channels",
    ["pan=stereo|c0=c0|c1=0*c0", "pan=stereo|c0=0.001*c0|c1=0.0008*c0", "pan=stereo|c0=0*c0"],
    ids=["one is silent", "both are quiet", "both are silent"],
)
def test_what_is_left_as_it_is(make_media: MakeMedia, channels: str) -> None:
    whisper = pytest.importorskip("whisper")
    path = make_media("left.wav", *TONE, "-af", channels)
    sound = decode(path)
    assert sound.notes == ()
    np.testing.assert_array_equal(sound.samples, whisper.load_audio(str(path)))


def test_faint() -> None:
    tone = np.sin(np.arange(16_000) / 5)
    assert is_faint((tone * 300).astype(np.int16))
    assert not is_faint((tone * 3000).astype(np.int16))


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))
