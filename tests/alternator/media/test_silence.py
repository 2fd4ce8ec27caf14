from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.errors import DecoderError
from alternator.media.child import Bounds
from alternator.media.silence import MIB, is_silent

MakeMedia = Callable[..., Path]


@pytest.mark.parametrize(
    ("source", "silent"),
    [
        ("anullsrc=d=3", True),
        ("sine=d=3", False),
        ("sine=d=3,volume=-50dB", True),  # lavfi's sine has a peak of -18 dB
        ("anoisesrc=d=3:a=0.02", False),
        ("anoisesrc=d=3:a=0.0005", True),
        ("anullsrc=d=30,aeval=0.5*lt(t\\,0.01):c=same", True),  # a click
        ("sine=d=30,volume=0:enable=gt(t\\,2)", False),
    ],
)
@pytest.mark.parametrize("name", ["s.wav", "s.mp3"])
def test_what_nobody_hears_is_silence(make_media: MakeMedia, name: str, source: str, silent: bool):
    assert is_silent(make_media(name, "-f", "lavfi", "-i", source)) is silent


def test_it_is_bounded(make_media: MakeMedia):
    sound = make_media("s.wav", "-f", "lavfi", "-i", "anullsrc=d=3")
    assert not is_silent(sound, bounds=Bounds(seconds=0.0, memory=2048 * MIB, output=0))


def test_without_ffmpeg_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DecoderError, match="ffmpeg is not installed"):
        is_silent(tmp_path / "s.wav")
