"""faster-whisper behind the Engine protocol, with a small real model that is converted for it."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")
pytest.importorskip("faster_whisper", reason="the extra faster-whisper is not there (make engines)")

from engine_runs import (  # after importorskip
    check_cancelling,
    check_refusals,
    inbox_of,
    run,
    transcribed,
)
from sounds import heard, joined, silence, sound_file

from alternator.config.models import WhisperSettings
from alternator.errors import (
    ConfigError,
    ModelError,
    OutOfMemoryError,
)
from alternator.progress import SILENT
from alternator.speech.engines.engine import (
    LoadOptions,
    Progressed,
    SegmentFound,
)
from alternator.speech.engines.faster_whisper.engine import FasterWhisperEngine, trouble
from alternator.speech.engines.openai_whisper import OpenAIWhisperEngine
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber

Speak = Callable[..., Path]
OPTIONS = DecodingOptions()
PHRASES = ("Winter is coming soon.", "Welcome to the daily news.")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def engine(checkpoint: Path, models: Path) -> FasterWhisperEngine:
    """With the fixture, which is converted, in full precision."""
    made = FasterWhisperEngine()
    known = LoadOptions(model_dir=models, threads=1, compute_type="float32")
    made.load(str(checkpoint), "auto", known, SILENT)
    return made


@pytest.fixture
def both(speak: Speak, tmp_path: Path) -> Path:
    """Two phrases far apart."""
    first, second = (heard(speak(phrase)) for phrase in PHRASES)
    return sound_file(tmp_path / "both.wav", joined(first, silence(4.0), second))


def test_side_by_side(engine: FasterWhisperEngine, both: Path) -> None:
    assert (engine.device, engine.batch_size, engine.compute_type) == ("cpu", 8, "float32")
    options = dataclasses.replace(OPTIONS, word_timestamps=True)
    ends, events = run(engine, inbox_of([both], options))
    transcript = ends["0"]
    assert not isinstance(transcript, Exception)
    assert (transcript.text, transcript.language) == (" ".join(PHRASES), "en")
    assert transcript.language_probability is not None
    found = [event.segment for event in events if isinstance(event, SegmentFound)]
    assert tuple(found) == transcript.segments
    assert all(segment.decoding is not None and segment.decoding.tokens for segment in found)
    words = [word for segment in found for word in segment.words or ()]
    assert "".join(word.text for word in words) == "".join(one.text for one in found)
    assert words[-1].start > 5.0, "times count from the beginning, silence included"
    assert [event for event in events if isinstance(event, Progressed)]


@pytest.mark.parametrize(
    "changes",
    [
        {"vad": False},
        {"vad": False, "beam_size": None, "best_of": None, "temperature": (0.0,)},
        {"vad": False, "condition_on_previous_text": False, "language": "de"},
    ],
)
def test_one_after_the_other_it_hears_what_openai_whisper_hears(
    engine: FasterWhisperEngine, checkpoint: Path, speak: Speak, changes: dict[str, object]
) -> None:
    reference = OpenAIWhisperEngine()
    where = LoadOptions(model_dir=checkpoint.parent, threads=1)
    reference.load(str(checkpoint), "cpu", where, SILENT)
    options = dataclasses.replace(OPTIONS, **changes)  # type: ignore[arg-type]
    theirs = dataclasses.replace(options, vad=None)
    for phrase in PHRASES:
        path = speak(phrase)
        ours, wanted = transcribed(engine, path, options), transcribed(reference, path, theirs)
        assert ours.text == wanted.text and ours.language == wanted.language


def test_clips(engine: FasterWhisperEngine, both: Path) -> None:
    options = dataclasses.replace(OPTIONS, clip_timestamps=(4.0,))
    transcript = transcribed(engine, both, options)
    assert transcript.text == PHRASES[1]
    assert transcript.segments[0].start >= 4.0


def test_silence_what_is_no_sound_and_what_it_has_not(
    engine: FasterWhisperEngine, both: Path, tmp_path: Path
) -> None:
    refused = dataclasses.replace(OPTIONS, prefix="a", hotwords="b")
    check_refusals(engine, both, tmp_path, OPTIONS, refused)


def test_one_that_is_not_wanted_ends(engine: FasterWhisperEngine, both: Path) -> None:
    check_cancelling(engine, both, OPTIONS)


def test_a_directory_of_its_own_form_is_taken_as_it_is(
    engine: FasterWhisperEngine, models: Path, tmp_path: Path, both: Path
) -> None:
    (made,) = (models / "converted").iterdir()
    own = tmp_path / "own-directory"
    shutil.copytree(made, own)
    again = FasterWhisperEngine()
    again.load("own-directory", "cpu", LoadOptions(model_dir=tmp_path, threads=1), SILENT)
    assert again.compute_type == "int8"
    assert transcribed(again, both, OPTIONS).text == " ".join(PHRASES)
    assert not (tmp_path / "converted").exists()
    (own / "tokenizer.json").unlink()
    again.load(str(own), "cpu", LoadOptions(model_dir=tmp_path, threads=1), SILENT)
    assert (tmp_path / "converted").exists(), "nothing is fetched from a hub"


def test_a_precision_that_the_device_has_not(checkpoint: Path, tmp_path: Path) -> None:
    known = LoadOptions(model_dir=tmp_path, compute_type="float16")
    with pytest.raises(ConfigError, match="has no float16 on device 'cpu'"):
        FasterWhisperEngine().load(str(checkpoint), "cpu", known, SILENT)
    assert not (tmp_path / "converted").exists(), "before anything is made"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (RuntimeError("CUDA failed with error out of memory"), OutOfMemoryError, "does not fit"),
        (MemoryError(), OutOfMemoryError, "does not fit"),
        (
            RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"),
            ModelError,
            "install CUDA 12's cuBLAS",
        ),
        (RuntimeError("Unsupported model binary version"), ModelError, "Unsupported model binary"),
    ],
)
def test_ctranslate2s_errors_have_their_remedies(
    error: Exception, kind: type[ModelError], words: str
) -> None:
    found = trouble(error, "this clip")
    assert type(found) is kind and words in str(found)


def test_by_its_worker_as_by_any_other(checkpoint: Path, models: Path, both: Path) -> None:
    settings = WhisperSettings(engine="faster-whisper", model=str(checkpoint), model_dir=models)
    with Transcriber(settings, threads=1) as transcriber:
        assert transcriber.transcribe(both).text == " ".join(PHRASES)
