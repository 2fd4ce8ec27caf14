"""Who speaks when, in conversations of people whose recordings Debian carries."""

import itertools
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alternator.errors import MediaError, NoAudioError
from alternator.speech.engines.engine import CancelledRequestError, Request
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.speakers.diarizing import Diarizer, joined, turns_of_request
from alternator.speech.speakers.turn import Turn
from bench.diarization_error import Stretch, errors
from bench.speaker_mixes import JUDGED, Mix, Plan, made
from tests.real.speech import NotHereError

MakeMix = Callable[..., Mix]


@pytest.fixture(scope="module")
def diarizer(speaker_weights: Path) -> Diarizer:
    return Diarizer(speaker_weights)


@pytest.fixture(scope="module")
def mix() -> MakeMix:
    """A conversation; skips where a voice can't be had."""

    def make(*voices: str, turns: int = 8, turn: int = 2, kind: str = "test", **how: object) -> Mix:
        plan = Plan(kind=kind, voices=voices, turns=turns, turn=turn, **how)  # type: ignore[arg-type]  # checked by Plan
        try:
            return made(plan, JUDGED)
        except NotHereError as error:
            pytest.skip(str(error))

    return make


def stretches(turns: tuple[Turn, ...]) -> list[Stretch]:
    return [Stretch(start=t.start, end=t.end, speaker=str(t.speaker)) for t in turns]


def speakers(turns: tuple[Turn, ...]) -> int:
    return len({turn.speaker for turn in turns})


def confused(mix: Mix, turns: tuple[Turn, ...]) -> float:
    """The share of the speech that is given to another speaker."""
    found = errors(mix.real, stretches(turns))
    return found.share(found.confusion)


@pytest.mark.parametrize("voices", [("en-allison", "nl-big"), ("ru", "nl-small")])
def test_two_voices(diarizer: Diarizer, mix: MakeMix, voices: tuple[str, ...]) -> None:
    talk = mix(*voices)
    turns = diarizer.turns(talk.samples)
    assert speakers(turns) == 2
    assert confused(talk, turns) < 0.05
    assert turns[0].speaker == 0  # the one who speaks first
    assert all(one.end <= other.start for one, other in itertools.pairwise(turns))


def test_three_voices(diarizer: Diarizer, mix: MakeMix) -> None:
    talk = mix("en-allison", "ru", "nl-big", turns=12)
    turns = diarizer.turns(talk.samples)
    assert speakers(turns) == 3 and confused(talk, turns) < 0.05
    told = diarizer.turns(talk.samples, count=3)
    assert speakers(told) == 3 and confused(talk, told) < 0.05


def test_a_number_that_is_told_is_kept_to(diarizer: Diarizer, mix: MakeMix) -> None:
    talk = mix("en-allison", "nl-big")
    assert speakers(diarizer.turns(talk.samples, count=1)) == 1
    two = diarizer.turns(talk.samples, count=2)
    assert speakers(two) == 2 and confused(talk, two) < 0.05


@pytest.mark.parametrize("voice", ["en-allison", "librivox"])
def test_one_voice_is_one_speaker(diarizer: Diarizer, mix: MakeMix, voice: str) -> None:
    assert speakers(diarizer.turns(mix(voice, turns=5).samples)) == 1


def test_voices_over_each_other_leave_one_for_each_moment(diarizer: Diarizer, mix: MakeMix) -> None:
    talk = mix("en-allison", "nl-big", turns=10, gap=(-1.0, -0.2))
    turns = diarizer.turns(talk.samples)
    assert speakers(turns) == 2
    found = errors(talk.real, stretches(turns))
    assert found.confusion / found.scored < 0.1


def test_very_short_turns(diarizer: Diarizer, mix: MakeMix) -> None:
    talk = mix("en-allison", "nl-big", turns=20, turn=1, lines=(0.4, 1.0))
    turns = diarizer.turns(talk.samples, count=2)
    assert speakers(turns) == 2
    in_one = [Turn(start=turn.start, end=turn.end, speaker=0) for turn in turns]
    # Words of half a second are the hardest: a fifth of them go astray, which is better than
    # nothing and no more.
    assert confused(talk, turns) < 0.75 * confused(talk, tuple(in_one))


@pytest.mark.parametrize("kind", [np.int16, np.float32])
@pytest.mark.parametrize("count", [None, 2])
@pytest.mark.parametrize("samples", [0, 1, 300, 80_000])
def test_nobody_in_silence(
    diarizer: Diarizer, samples: int, count: int | None, kind: type[np.generic]
) -> None:
    assert diarizer.turns(np.zeros(samples, kind), count=count) == ()


def test_both_kinds_of_samples_have_the_same_turns(diarizer: Diarizer, mix: MakeMix) -> None:
    whole = np.round(mix("en-allison", "nl-big").samples * 32_767).astype(np.int16)
    as_float = whole.astype(np.float32) / np.float32(32_768)
    assert diarizer.turns(whole) == diarizer.turns(as_float)


def test_one_that_is_not_wanted_any_more_ends_between_two_batches(
    diarizer: Diarizer, mix: MakeMix
) -> None:
    with pytest.raises(CancelledRequestError):
        diarizer.turns(mix("en-allison").samples, go_on=never)


def never(_: float) -> None:
    raise CancelledRequestError("the transcription was cancelled")


def always(_: float) -> None:
    """Go on."""


def request(path: Path, limit: float | None = None) -> Request:
    return Request(
        id="1",
        path=path,
        limit_seconds=limit,
        options=DecodingOptions(),
        speakers=SpeakerOptions(count=2),
    )


def write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_a_file_has_the_turns_of_its_sound(
    diarizer: Diarizer, mix: MakeMix, tmp_path: Path
) -> None:
    whole = np.round(mix("en-allison", "nl-big").samples * 32_767).astype(np.int16)
    path = write(tmp_path / "talk.wav", whole)
    assert turns_of_request(diarizer, request(path), always) == diarizer.turns(whole, count=2)


def test_what_is_wrong_with_a_file_is_said(diarizer: Diarizer, tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", np.zeros(80_000, np.int16))
    with pytest.raises(MediaError):
        turns_of_request(diarizer, request(path, limit=1.0), always)
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(MediaError):
        turns_of_request(diarizer, request(tmp_path / "notes.txt"), always)
    assert issubclass(NoAudioError, MediaError)
    with pytest.raises(CancelledRequestError):
        turns_of_request(diarizer, request(path), never)


def test_blocks_are_joined_and_given_back() -> None:
    blocks = [np.arange(3, dtype=np.int16), np.arange(2, dtype=np.int16)]
    assert joined(blocks).tolist() == [0, 1, 2, 0, 1] and blocks == []


HOUR = """
import resource, sys
from pathlib import Path
import numpy as np
from alternator.speech.speakers.diarizing import Diarizer
talk = np.load(sys.argv[2])
diarizer = Diarizer(Path(sys.argv[1]))
diarizer.turns(talk)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
hour = np.zeros(3600 * 16_000, np.int16)
hour[: len(talk)] = talk
hour[-len(talk) :] = talk
turns = diarizer.turns(hour)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, len({turn.speaker for turn in turns}), turns[-1].end > 3590)
"""


def test_an_hour_of_sound_takes_its_samples_and_little_more(
    speaker_weights: Path, mix: MakeMix, tmp_path: Path
) -> None:
    talk = np.round(mix("en-allison", "nl-big").samples * 32_767).astype(np.int16)
    np.save(tmp_path / "talk.npy", talk)
    command = [sys.executable, "-c", HOUR, str(speaker_weights), str(tmp_path / "talk.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    grown, found, last = done.stdout.split()
    assert (found, last) == ("2", "True")
    assert int(grown) < (115 + 60) * 1024  # KiB; the samples are 115 MB
