"""whisper.cpp behind the Engine protocol, with a small real model that is converted for it."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")
pytest.importorskip("pywhispercpp", reason="the extra whisper-cpp is not there (make engines)")

from engine_runs import (  # after importorskip
    check_cancelling,
    check_refusals,
    inbox_of,
    run,
    transcribed,
)
from sounds import heard, joined, silence, sound_file

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError, ModelError
from alternator.progress import SILENT
from alternator.speech.engines.engine import (
    LoadOptions,
    Progressed,
    SegmentFound,
)
from alternator.speech.engines.whisper_cpp.engine import WhisperCppEngine
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber

Speak = Callable[..., Path]
# As quick as it gets: greedy, no second try.
OPTIONS = DecodingOptions(beam_size=None, best_of=None, temperature=(0.0,))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def engine(checkpoint: Path, models: Path) -> WhisperCppEngine:
    """With the fixture, which is converted."""
    made = WhisperCppEngine()
    made.load(str(checkpoint), "auto", LoadOptions(model_dir=models, threads=1), SILENT)
    return made


@pytest.fixture
def winter(speak: Speak) -> Path:
    return speak("Winter is coming soon.")


def test_the_words_and_their_times(engine: WhisperCppEngine, winter: Path) -> None:
    assert engine.device == "cpu"
    options = dataclasses.replace(OPTIONS, word_timestamps=True)
    ends, events = run(engine, inbox_of([winter], options))
    transcript = ends["0"]
    assert not isinstance(transcript, Exception)
    assert (transcript.text, transcript.language) == ("Winter is coming soon.", "en")
    found = [event.segment for event in events if isinstance(event, SegmentFound)]
    assert tuple(found) == transcript.segments and found
    words = [word for segment in found for word in segment.words or ()]
    assert [word.text for word in words] == [" Winter", " is", " coming", " soon."]
    assert "".join(word.text for word in words) == "".join(one.text for one in found)
    assert all(0 <= word.probability <= 1 for word in words if word.probability is not None)
    assert words == sorted(words, key=lambda word: word.start)
    assert [event for event in events if isinstance(event, Progressed)]


def test_a_language_is_detected_or_taken(engine: WhisperCppEngine, speak: Speak) -> None:
    german = speak("Wie spät ist es jetzt?", "de")
    assert transcribed(engine, german, OPTIONS).language == "de"
    told = dataclasses.replace(OPTIONS, language="English")
    assert transcribed(engine, german, told).language == "en"
    assert transcribed(engine, german, OPTIONS).language == "de", "no option stays behind"


def test_beams_and_clips(engine: WhisperCppEngine, winter: Path, tmp_path: Path) -> None:
    twice = joined(silence(1.0), heard(winter), silence(1.0))
    path = sound_file(tmp_path / "late.wav", twice)
    end = len(twice) / 16000
    options = dataclasses.replace(OPTIONS, beam_size=2, clip_timestamps=(1.0, end - 1.0, end, end))
    transcript = transcribed(engine, path, options)
    assert transcript.text == "Winter is coming soon." and transcript.duration == end
    assert transcript.segments[0].start >= 1.0


def test_silence_what_is_no_sound_and_what_it_has_not(
    engine: WhisperCppEngine, winter: Path, tmp_path: Path
) -> None:
    refused = dataclasses.replace(OPTIONS, hotwords="x")
    check_refusals(engine, winter, tmp_path, OPTIONS, refused)


def test_one_that_is_not_wanted_ends(engine: WhisperCppEngine, winter: Path) -> None:
    check_cancelling(engine, winter, OPTIONS)


def test_a_file_of_its_own_form_is_taken_as_it_is(
    engine: WhisperCppEngine, models: Path, tmp_path: Path, winter: Path
) -> None:
    (made,) = (models / "converted").iterdir()
    own = tmp_path / "ggml-small-test.bin"
    shutil.copy(made, own)
    again = WhisperCppEngine()
    again.load("ggml-small-test.bin", "cpu", LoadOptions(model_dir=tmp_path, threads=1), SILENT)
    assert transcribed(again, winter, OPTIONS).text == "Winter is coming soon."
    assert not (tmp_path / "converted").exists()
    own.write_bytes(own.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"no whole model of whisper\.cpp"):
        again.load(str(own), "cpu", LoadOptions(model_dir=tmp_path), SILENT)


@pytest.mark.parametrize("device", ["cuda", "rocm", "cuda:1", "mps", "nonsense"])
def test_another_device_is_refused(checkpoint: Path, tmp_path: Path, device: str) -> None:
    with pytest.raises(ConfigError, match="can't compute on device"):
        WhisperCppEngine().load(str(checkpoint), device, LoadOptions(model_dir=tmp_path), SILENT)


def test_by_its_worker_as_by_any_other(checkpoint: Path, models: Path, winter: Path) -> None:
    settings = WhisperSettings(engine="whisper.cpp", model=str(checkpoint), model_dir=models)
    with Transcriber(settings, threads=1) as transcriber:
        assert transcriber.transcribe(winter, options=OPTIONS).text == "Winter is coming soon."
