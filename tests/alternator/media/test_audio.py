"""Decoding: the samples are Whisper's own, every fault has its reason, nothing runs unbounded."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from unprivileged import unprivileged

from alternator.errors import DecoderError, MediaError, NoAudioError
from alternator.media.audio import LONGEST_SECONDS, SAMPLE_RATE, decode

SENTENCE = "This is a test of the caption bot."
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3")

Speak = Callable[..., Path]
MakeMedia = Callable[..., Path]


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".ogg", ".m4a", ".flac", ".mp4"])
def test_samples_are_those_of_openai_whisper(speak: Speak, suffix: str) -> None:
    whisper = pytest.importorskip("whisper")
    path = speak(SENTENCE, suffix=suffix)

    samples = decode(path).samples

    assert samples.dtype == np.float32 and samples.ndim == 1
    np.testing.assert_array_equal(samples, whisper.load_audio(str(path)))


def test_stereo_of_another_rate_becomes_mono_at_16_khz(make_media: MakeMedia) -> None:
    path = make_media("stereo.wav", *TONE, "-ac", "2", "-ar", "44100")
    samples = decode(path).samples
    assert len(samples) == pytest.approx(3 * SAMPLE_RATE, abs=16)
    assert 0.05 < float(np.abs(samples).max()) <= 1.0


def test_longer_than_the_first_buffer(make_media: MakeMedia) -> None:
    whisper = pytest.importorskip("whisper")
    path = make_media("long.flac", "-f", "lavfi", "-i", "sine=frequency=300:duration=150")
    np.testing.assert_array_equal(decode(path).samples, whisper.load_audio(str(path)))


@pytest.mark.parametrize("name", ["-i.mp3", "a:b c.mp3", "http:x.mp3", "%03d.mp3", "é\udcff.mp3"])
def test_any_file_name(
    speak: Speak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(speak(SENTENCE, suffix=".mp3"), tmp_path / name)
    assert len(decode(Path(name)).samples) > SAMPLE_RATE


def test_limit_on_length(make_media: MakeMedia) -> None:
    path = make_media("tone.wav", *TONE)
    assert len(decode(path, limit_seconds=3).samples) == 3 * SAMPLE_RATE
    with pytest.raises(MediaError, match=r"longer than the limit of 0\.025 minutes.*max_duration"):
        decode(path, limit_seconds=1.5)


def test_there_is_a_bound_without_a_limit(
    make_media: MakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGEST_SECONDS == 12 * 3600
    monkeypatch.setattr("alternator.media.audio.LONGEST_SECONDS", 1)
    with pytest.raises(MediaError, match="longer than the limit"):
        decode(make_media("tone.wav", *TONE))


def test_limit_on_time(make_media: MakeMedia) -> None:
    # ffmpeg can't even start within a millisecond.
    with pytest.raises(MediaError, match="more than 0 s to decode"):
        decode(make_media("tone.wav", *TONE), timeout_seconds=0.001)


def test_video_without_audio_is_an_outcome_of_its_own(make_media: MakeMedia) -> None:
    path = make_media("silent.mp4", "-f", "lavfi", "-i", "color=red:s=64x64:d=1")
    with pytest.raises(NoAudioError, match=r"silent\.mp4: has no audio track"):
        decode(path)


def test_audio_track_without_a_sample(make_media: MakeMedia) -> None:
    path = make_media("nothing.wav", *TONE, "-t", "0")
    with pytest.raises(NoAudioError, match="audio track is empty"):
        decode(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"Dear diary,\nnothing happened.\n", "is not audio or video"),
        (bytes(range(256)) * 40, "is not audio or video"),
    ],
    ids=["empty", "text", "bytes"],
)
def test_no_media(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "speech.mp3"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=rf"speech\.mp3: .*{reason}") as caught:
        decode(path)
    assert not isinstance(caught.value, NoAudioError)


@pytest.mark.parametrize("suffix", [".mp3", ".flac"])
def test_of_a_file_that_is_cut_off_there_is_what_is_there(
    speak: Speak, tmp_path: Path, suffix: str
) -> None:
    whole = speak(SENTENCE, suffix=suffix)
    path = tmp_path / f"half{suffix}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    sound = decode(path)
    (note,) = sound.notes
    assert re.fullmatch(r"The file is cut off after \d\.\d of \d\.\d s\.", note)
    there, here = len(decode(whole).samples), len(sound.samples)
    assert 0.3 * there < here < 0.7 * there


def test_cut_off_before_its_index(speak: Speak, tmp_path: Path) -> None:
    whole = speak(SENTENCE, suffix=".m4a").read_bytes()
    path = tmp_path / "half.m4a"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"is cut off or damaged.*moov atom not found"):
        decode(path)


def test_a_playlist_opens_no_other_file(speak: Speak, tmp_path: Path) -> None:
    shutil.copy(speak(SENTENCE, suffix=".mp3"), tmp_path / "secret.mp3")
    playlist = tmp_path / "playlist.mp3"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\nsecret.mp3\n#EXT-X-ENDLIST\n"
    )
    script = tmp_path / "script.mp3"
    script.write_text("ffconcat version 1.0\nfile secret.mp3\n")
    for path in (playlist, script):
        with pytest.raises(MediaError, match="is not audio or video"):
            decode(path)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nowhere\.mp3: does not exist"):
        decode(tmp_path / "nowhere.mp3")
    with pytest.raises(MediaError, match="is not a file"):
        decode(tmp_path)


def test_unreadable_file(speak: Speak, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp3"
    shutil.copy(speak(SENTENCE, suffix=".mp3"), path)
    path.chmod(0)
    with (
        unprivileged(tmp_path),
        pytest.raises(
            MediaError, match=r"mine\.mp3: can't be read: Permission denied \(as user \d+\)"
        ),
    ):
        decode(path)


def test_without_ffmpeg(speak: Speak, monkeypatch: pytest.MonkeyPatch) -> None:
    path = speak(SENTENCE)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DecoderError, match="apt-get install ffmpeg"):
        decode(path)
