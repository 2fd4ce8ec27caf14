"""A WAV of just the samples is read without ffmpeg, and nothing else is."""

import os
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alternator.errors import MediaError
from alternator.media.audio import decode
from alternator.media.plain_wav import LONGEST_SECONDS, plain_samples

MakeMedia = Callable[..., Path]

NOISE = np.random.default_rng(7).integers(-32768, 32767, 8000, dtype=np.int16)


def written(path: Path, rate: int = 16000, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(NOISE.tobytes())
    return path


def test_its_samples_are_those_that_ffmpeg_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.wav")
    found = plain_samples(path)
    assert found is not None
    np.testing.assert_array_equal(found, NOISE)
    plain = decode(path)
    monkeypatch.setattr("alternator.media.audio.plain_samples", lambda path: None)
    by_ffmpeg = decode(path)
    assert plain.samples.dtype == by_ffmpeg.samples.dtype == np.float32
    np.testing.assert_array_equal(plain.samples, by_ffmpeg.samples)
    assert plain.notes == by_ffmpeg.notes == ()


def test_it_needs_no_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = written(tmp_path / "a.wav")
    assert len(decode(path).samples) == len(decode(path, limit_seconds=1).samples) == len(NOISE)


def test_a_limit_holds_for_it_too(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(NOISE.tobytes() * 10)
    with pytest.raises(MediaError, match=r"a\.wav: longer than the limit of 0\.05 minutes"):
        decode(path, limit_seconds=3)


@pytest.mark.parametrize(
    ("rate", "channels", "width"), [(24000, 1, 2), (16000, 2, 2), (16000, 1, 1)]
)
def test_other_samples_are_left_to_ffmpeg(
    tmp_path: Path, rate: int, channels: int, width: int
) -> None:
    assert plain_samples(written(tmp_path / "a.wav", rate, channels, width)) is None


def test_what_is_not_whole_or_has_more_is_left_to_ffmpeg(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.wav").read_bytes()
    path = tmp_path / "b.wav"
    more = whole + b"LIST\4\0\0\0INFO"
    for data in (b"", whole[:20], whole[:44], whole[:-100], more, b"X" + whole[1:]):
        path.write_bytes(data)
        assert plain_samples(path) is None
    odd = bytearray(whole + b"\0")
    struct.pack_into("<I", odd, 4, len(odd) - 8)
    struct.pack_into("<I", odd, 40, len(odd) - 44)
    path.write_bytes(odd)
    assert plain_samples(path) is None


def test_long_files_pipes_and_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000 * LONGEST_SECONDS + 2))
    assert plain_samples(path) is None
    os.mkfifo(tmp_path / "pipe")
    assert plain_samples(tmp_path / "pipe") is None  # and nobody waits for a writer
    assert plain_samples(tmp_path / "nowhere.wav") is None
    assert plain_samples(tmp_path) is None
