"""Each kind of file is cut off at 70 %: what is there is heard, and it is said."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from media_kinds import SOUNDS, Kind, make_kind

from alternator.errors import MediaError
from alternator.media.audio import SAMPLE_RATE, decode
from alternator.media.cut_off import Ending, ending_of

# Kinds that say how long they are, by which an end that is missing is known.
KNOWN = (
    *("flac.flac", "mp3.mp3", "wave.wav", "wave24.wav", "adpcm_ms.wav", "large.wav", "wave.w64"),
    *("aiff.aiff", "sun.au", "core.caf", "vorbis.ogg", "opus.opus", "opus.webm", "aac.mka"),
    *("windows.wma", "mp3.flv", "mp3.avi", "true.tta", "wavpack.wv"),
)
# Kinds that do not: there it is a last packet that is too short.
PACKETS = ("adts.aac", "dolby.ac3", "aac.ts", "program.mpg")


@pytest.mark.parametrize("name", [*KNOWN, *PACKETS])
def test_what_is_there_is_heard_and_it_is_said(name: str, tmp_path: Path) -> None:
    (kind,) = [kind for kind in SOUNDS if kind.name == name]
    path = shortened(make_kind(kind, tmp_path), 0.7)
    sound = decode(path)
    seconds = len(sound.samples) / SAMPLE_RATE
    assert 0.6 < seconds < 1.8
    (note,) = sound.notes
    found = re.fullmatch(r"The file is cut off after (\S+)(?: of (?:about )?(\S+))? s\.", note)
    assert found is not None, note
    assert float(found[1]) == pytest.approx(seconds, abs=0.06)
    if found[2] is not None:
        assert float(found[2]) == pytest.approx(2.0, abs=0.4)
    assert (found[2] is None) == (name in (*PACKETS, "vorbis.ogg", "opus.opus"))


def test_an_mp4_with_its_index_in_front(make_media: Callable[..., Path]) -> None:
    options = ("-f", "lavfi", "-i", "sine=frequency=440:duration=4", "-movflags", "+faststart")
    path = shortened(make_media("front.m4a", *options), 0.5)
    (note,) = decode(path).notes
    assert re.fullmatch(r"The file is cut off after [12]\.\d of 4\.0 s\.", note)


def test_an_mp4_without_its_index(make_media: Callable[..., Path]) -> None:
    path = make_media("back.m4a", "-f", "lavfi", "-i", "sine=frequency=440:duration=4")
    with pytest.raises(MediaError, match=r"is cut off or damaged.*moov atom not found"):
        decode(shortened(path, 0.5))


@pytest.mark.parametrize("kind", SOUNDS, ids=lambda kind: kind.name)
def test_a_whole_file_is_whole(kind: Kind, tmp_path: Path) -> None:
    assert ending_of(make_kind(kind, tmp_path)) == Ending(missing=False)


@pytest.mark.parametrize("kind", SOUNDS, ids=lambda kind: kind.name)
def test_a_file_that_ends_in_its_own_head_does_no_harm(kind: Kind, tmp_path: Path) -> None:
    path = make_kind(kind, tmp_path)
    whole = path.read_bytes()
    for size in range(1, 120):
        path.write_bytes(whole[:size])
        share = ending_of(path).share
        assert share is None or 0 < share < 1, size


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF024])
def test_sizes_that_are_written_into_a_pipe_say_nothing(tmp_path: Path, size: int) -> None:
    """ffmpeg, sox and espeak-ng write so."""
    path = tmp_path / "piped.wav"
    path.write_bytes(b"RIFF" + size.to_bytes(4, "little") + b"WAVE" + bytes(100))
    assert ending_of(path) == Ending(missing=False)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(1000)])
def test_what_is_no_such_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert ending_of(path) == Ending(missing=False)


def test_boxes_without_an_end_are_followed_for_a_while(tmp_path: Path) -> None:
    path = tmp_path / "boxes.mp4"
    path.write_bytes(
        (8).to_bytes(4, "big") + b"ftyp" + ((8).to_bytes(4, "big") + b"free") * 120_000
    )
    assert ending_of(path) == Ending(missing=False)


def shortened(path: Path, share: float) -> Path:
    """The first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
