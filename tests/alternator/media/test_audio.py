"""Decoding: the samples are Whisper's own, every fault has its reason, nothing runs unbounded."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from unprivileged import unprivileged

from alternator.errors import DecoderError, MediaError, NoAudioError
from alternator.media.audio import LONGEST_SECONDS, SAMPLE_RATE, Samples, decode, open_sound

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


def two_tracks(make_media: MakeMedia, name: str, *options: str) -> Path:
    """A file with a track of 440 Hz, then one of 880 Hz."""
    other = ("-f", "lavfi", "-i", "sine=frequency=880:duration=3")
    return make_media(name, *TONE, *other, "-map", "0", "-map", "1", *options)


def pitch(samples: Samples) -> float:
    """The loudest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(spectrum.argmax()) * SAMPLE_RATE / len(samples)


def children() -> list[str]:
    """Processes that this one started and that are not gone."""
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def test_longer_than_the_first_block(make_media: MakeMedia) -> None:
    whisper = pytest.importorskip("whisper")
    path = make_media("long.flac", "-f", "lavfi", "-i", "sine=frequency=300:duration=150")
    np.testing.assert_array_equal(decode(path).samples, whisper.load_audio(str(path)))


@pytest.mark.parametrize(
    "name", ["-i.mp3", "a:b c.mp3", "two\nlines.mp3", "http:x.mp3", "%03d.mp3", "é\udcff.mp3"]
)
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


def test_the_default_track_is_taken_else_the_first(make_media: MakeMedia) -> None:
    marked = two_tracks(make_media, "marked.mkv", "-disposition:a:1", "default")
    assert pitch(decode(marked).samples) == pytest.approx(880, abs=5)
    plain = two_tracks(make_media, "plain.mkv", "-disposition:a", "0")
    assert pitch(decode(plain).samples) == pytest.approx(440, abs=5)


def test_a_track_by_its_number(make_media: MakeMedia) -> None:
    path = two_tracks(make_media, "two.mkv", "-disposition:a:1", "default")
    for number, frequency in enumerate((440, 880)):
        assert pitch(decode(path, track=number).samples) == pytest.approx(frequency, abs=5)
    for wrong in (2, -1):
        reason = rf"two\.mkv: has no audio track {wrong}; there are 2 audio tracks, 0 to 1"
        with pytest.raises(MediaError, match=reason):
            decode(path, track=wrong)
    with pytest.raises(MediaError, match="there is 1 audio track, number 0"):
        decode(make_media("one.wav", *TONE), track=1)


def test_a_cover_picture_is_no_track(make_media: MakeMedia) -> None:
    cover = make_media("cover.jpg", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    inputs = (*TONE, "-i", str(cover), "-map", "1", "-map", "0")
    path = make_media("song.mp3", *inputs, "-c:v", "copy", "-disposition:v", "attached_pic")
    assert pitch(decode(path, track=0).samples) == pytest.approx(440, abs=5)


def test_sound_that_starts_late_has_silence_in_front(make_media: MakeMedia) -> None:
    picture = ("-f", "lavfi", "-i", "color=red:s=64x64:r=5:d=8")
    for name, codec in (("late.mp4", "aac"), ("late.mkv", "flac"), ("late.webm", "libopus")):
        video = () if not name.endswith("webm") else ("-c:v", "libvpx")
        path = make_media(name, *picture, "-itsoffset", "5", *TONE, "-c:a", codec, *video)
        samples = decode(path).samples
        assert len(samples) / SAMPLE_RATE == pytest.approx(8, abs=0.1), name
        loud = np.flatnonzero(np.abs(samples) > 0.05)
        assert loud[0] / SAMPLE_RATE == pytest.approx(5, abs=0.06), name


def test_a_pause_in_a_track_is_a_pause(make_media: MakeMedia) -> None:
    """As where a microphone was switched off during a call: what comes after it is in time."""
    both = "sine=frequency=440:duration=9,aselect='lt(t,2)+gt(t,7)'"
    samples = decode(make_media("call.webm", "-f", "lavfi", "-i", both)).samples
    assert len(samples) / SAMPLE_RATE == pytest.approx(9, abs=0.1)
    assert float(np.abs(samples[3 * SAMPLE_RATE : 6 * SAMPLE_RATE]).max()) < 0.001
    assert float(np.abs(samples[8 * SAMPLE_RATE :]).max()) > 0.05


@pytest.mark.parametrize("suffix", [".ogg", ".mp3", ".aac", ".ts"])
def test_nothing_is_lost_where_the_clock_starts_again(
    make_media: MakeMedia, tmp_path: Path, suffix: str
) -> None:
    """Files put one behind the other, as recorders of radio make them."""
    one = make_media(f"one{suffix}", *TONE).read_bytes()
    path = tmp_path / f"three{suffix}"
    path.write_bytes(one * 3)
    samples = decode(path).samples
    assert len(samples) / SAMPLE_RATE == pytest.approx(9, abs=0.3)
    quiet = np.abs(samples).reshape(-1)[: 8 * SAMPLE_RATE].reshape(-1, 1600).max(axis=1) < 0.01
    assert not quiet.any()


def test_what_an_edit_list_cuts_is_not_heard(make_media: MakeMedia) -> None:
    picture = ("-f", "lavfi", "-i", "color=red:s=64x64:r=5:d=3")
    whole = make_media("whole.mp4", *picture, *TONE, "-g", "100")
    cut = make_media("cut.mp4", "-ss", "1", "-i", str(whole), "-c", "copy")
    assert len(decode(cut).samples) / SAMPLE_RATE == pytest.approx(2, abs=0.1)


def test_eight_channels_of_192_khz(make_media: MakeMedia) -> None:
    path = make_media("wide.wav", *TONE, "-af", "pan=7.1|c0=c0|c5=c0", "-ar", "192000")
    sound = decode(path)
    assert pitch(sound.samples) == pytest.approx(440, abs=5) and sound.notes == ()
    assert len(sound.samples) == 3 * SAMPLE_RATE


def test_one_sample(make_media: MakeMedia) -> None:
    path = make_media("one.wav", *TONE, "-af", "aresample=16000,atrim=end_sample=1")
    assert len(decode(path).samples) == 1


@pytest.mark.parametrize("codec", ["pcm_f32le", "pcm_f64be", "wavpack"])
def test_what_is_no_number_is_silence(make_media: MakeMedia, codec: str) -> None:
    whisper = pytest.importorskip("whisper")
    suffix = {"pcm_f32le": "wav", "pcm_f64be": "caf", "wavpack": "wv"}[codec]
    speech = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3:sample_rate=16000")
    options = ("-c:a", codec, *(("-sample_fmt", "fltp") if codec == "wavpack" else ()))
    path = make_media(f"sound.{suffix}", *speech, "-af", "aeval=2*val(0)", *options)
    np.testing.assert_array_equal(decode(path).samples, whisper.load_audio(str(path)))
    broken = "aeval='if(between(t,1,1.5),0/0,if(between(t,2,2.25),1/0,val(0)))'"
    sound = decode(make_media(f"broken.{suffix}", *speech, "-af", broken, *options))
    assert sound.notes == ("25.00% of its samples are no numbers; they were taken as silence.",)
    assert np.isfinite(sound.samples).all() and float(np.abs(sound.samples).max()) < 0.2
    assert not sound.samples[int(1.1 * SAMPLE_RATE) : int(1.4 * SAMPLE_RATE)].any()
    assert sound.samples[:SAMPLE_RATE].any() and sound.samples[int(2.5 * SAMPLE_RATE) :].any()


def test_a_length_that_the_file_announces_is_refused_before_anything_is_decoded(
    make_media: MakeMedia,
) -> None:
    path = make_media("hour.flac", "-f", "lavfi", "-i", "anullsrc=r=8000", "-t", "3600")
    with (
        pytest.raises(MediaError, match=r"longer than the limit of 10 minutes"),
        open_sound(path, limit_seconds=600),
    ):
        pytest.fail("it was opened")


@pytest.mark.parametrize("name", ["long.wav", "long.ogg", "raw.mp3"])
def test_who_decodes_hears_of_the_length_and_may_end_it(make_media: MakeMedia, name: str) -> None:
    path = make_media(name, "-f", "lavfi", "-i", "sine=r=16000:d=70", "-ac", "1")
    lengths: list[float] = []
    whole = decode(path, go_on=lengths.append)
    assert max(lengths) == pytest.approx(len(whole.samples) / SAMPLE_RATE, abs=0.1)
    if name == "long.ogg":  # what it says of itself comes first, then what there is of it
        assert lengths == pytest.approx([70, 30, 60, 70], abs=0.1)

    def end(seconds: float) -> None:
        if seconds > 40:
            raise InterruptedError(f"{seconds:.0f} s")

    with pytest.raises(InterruptedError):
        decode(path, go_on=end)


def test_blocks_come_while_ffmpeg_is_at_work(make_media: MakeMedia) -> None:
    path = make_media("long.flac", "-f", "lavfi", "-i", "sine=frequency=300:duration=150")
    with open_sound(path) as stream:
        assert stream.announced_seconds == 150
        blocks = list(stream)
    assert [len(block) / SAMPLE_RATE for block in blocks] == [30] * 5
    np.testing.assert_array_equal(np.concatenate(blocks), decode(path).samples)


def test_who_stops_listening_leaves_no_process_behind(make_media: MakeMedia) -> None:
    path = make_media("long.flac", "-f", "lavfi", "-i", "anullsrc=r=8000", "-t", "3600")
    before = set(children())
    with open_sound(path) as stream:
        next(iter(stream))
        assert set(children()) - before
    assert not set(children()) - before
    with pytest.raises(MediaError):
        decode(path, limit_seconds=60)
    assert not set(children()) - before


def test_an_hour_is_held_once(make_media: MakeMedia) -> None:
    """Measured in a process of its own: the most memory it ever had, above what it had before."""
    path = make_media("hour.wav", "-f", "lavfi", "-i", "anoisesrc=r=16000", "-t", "3600")
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from alternator.media.audio import decode\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = most()\n"
        "sound = decode(Path(sys.argv[1]))\n"
        "print((most() - before) * 1024, sound.samples.nbytes)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True
    )
    grown, size = map(int, ended.stdout.split())
    assert size == 3600 * SAMPLE_RATE * 4
    assert grown < size + 16 * 1024 * 1024


def test_a_hole_of_10_gb_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "hole.mp3"
    with path.open("wb") as file:
        file.truncate(10 * 1024**3)
    with pytest.raises(MediaError, match=r"hole\.mp3: "):
        decode(path)


def test_what_comes_through_a_pipe(speak: Speak, tmp_path: Path) -> None:
    whole = speak(SENTENCE, suffix=".m4a")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/sh", "-c", 'exec cat "$0" > "$1"', str(whole), str(pipe)]):
        samples = decode(pipe).samples
    np.testing.assert_array_equal(samples, decode(whole).samples)


def test_without_ffmpeg(speak: Speak, monkeypatch: pytest.MonkeyPatch) -> None:
    path = speak(SENTENCE)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DecoderError, match="apt-get install ffmpeg"):
        decode(path)
