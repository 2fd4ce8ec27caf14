"""The engine ``openai``: its answers, its events, and how it is broken off."""

import dataclasses
import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sounds import sound_file

pytest.importorskip("torch")
pytest.importorskip("whisper")

from whisper.audio import HOP_LENGTH  # after importorskip

from alternator.errors import ConfigError, MediaError
from alternator.media.audio import Samples, decode
from alternator.progress import SILENT
from alternator.speech.engines import openai_whisper_patches as patches
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Event,
    Failed,
    LoadOptions,
    Progressed,
    Request,
)
from alternator.speech.engines.openai_whisper import (
    OpenAIWhisperEngine,
    whisper_arguments,
)
from alternator.speech.options import DecodingOptions
from alternator.speech.spectrogram import spectrogram
from alternator.speech.worker.inbox import Inbox

GREEDY = DecodingOptions(language="en", temperature=(0.0,), beam_size=None)


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> OpenAIWhisperEngine:
    """The engine with the small model loaded."""
    made = OpenAIWhisperEngine()
    made.load(str(checkpoint), "cpu", LoadOptions(model_dir=Path("/nowhere")), SILENT)
    return made


def requests(*paths: Path, options: DecodingOptions = GREEDY) -> Inbox:
    """A batch of files, numbered from 1."""
    inbox = Inbox(lambda _: None)
    for number, path in enumerate(paths, start=1):
        inbox.add(Request(id=str(number), path=path, limit_seconds=None, options=options))
    return inbox


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """40 s of noise: two windows."""
    samples = np.random.default_rng(0).normal(0, 0.1, 40 * 16_000).astype(np.float32)
    return sound_file(tmp_path / "noise.wav", samples)


def last_of(events: Iterator[Event]) -> Event:
    *_, last = events
    return last


def test_a_batch_is_answered_in_its_order_the_bad_file_as_well(
    engine: OpenAIWhisperEngine, speak: Callable[..., Path], tmp_path: Path
) -> None:
    spoken = speak("Captions help everyone understand.")
    batch = requests(tmp_path / "nowhere.wav", spoken)
    ends = [event for event in engine.transcribe(batch) if isinstance(event, Done | Failed)]
    assert isinstance(ends[0], Failed) and isinstance(ends[0].error, MediaError)
    assert isinstance(ends[1], Done) and ends[1].id == "2"
    assert ends[1].transcript.text == "Captions help everyone understand."
    assert list(engine.transcribe(batch)) == []


def test_silence_is_not_even_asked_about(
    engine: OpenAIWhisperEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Larger models invent text for a track of zeros; the small one here does not."""
    path = sound_file(tmp_path / "silence.wav", np.zeros(32_000, dtype=np.float32))
    monkeypatch.setattr("whisper.transcribe", lambda *_, **__: pytest.fail("the model was asked"))
    last = last_of(engine.transcribe(requests(path, options=DecodingOptions(language="German"))))
    assert isinstance(last, Done)
    transcript = last.transcript
    assert (transcript.text, transcript.language, transcript.duration) == ("", "de", 2.0)
    assert transcript.segments == ()
    assert transcript.notes == ("It is silent from beginning to end.",)


def test_quiet_speech_is_no_silence(
    engine: OpenAIWhisperEngine, speak: Callable[..., Path], tmp_path: Path
) -> None:
    """Speech of 24 bits whose peak is at -67 dB was taken for silence."""
    spoken = decode(speak("Captions help everyone understand.")).samples
    quiet = spoken / abs(spoken).max() * 10 ** (-67 / 20)
    path = sound_file(tmp_path / "quiet.wav", quiet, bits=24)
    options = dataclasses.replace(GREEDY, no_speech_threshold=None)
    last = last_of(engine.transcribe(requests(path, options=options)))
    assert isinstance(last, Done)
    assert last.transcript.notes == ()
    assert last.transcript.segments


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vad", dataclasses.replace(GREEDY, vad=True)),
        ("hotwords", dataclasses.replace(GREEDY, hotwords="Ada Lovelace")),
    ],
)
def test_what_it_does_not_have_is_refused(
    engine: OpenAIWhisperEngine, noise: Path, name: str, options: DecodingOptions
) -> None:
    last = last_of(engine.transcribe(requests(noise, options=options)))
    assert isinstance(last, Failed) and isinstance(last.error, ConfigError)
    assert str(last.error) == (
        f"the speech engine 'openai' has no {name}; leave it out, or take the engine 'alternator'"
    )


def test_progress_is_told(engine: OpenAIWhisperEngine, noise: Path) -> None:
    *events, last = engine.transcribe(requests(noise))
    assert isinstance(last, Done) and last.transcript.text == ""
    steps = [event for event in events if isinstance(event, Progressed)]
    assert len(steps) >= 4  # encoder and decoder, for two windows of 30 s
    assert {step.total for step in steps} == {40.0}
    assert [step.done for step in steps] == sorted(step.done for step in steps)


@pytest.mark.parametrize("word_timestamps", [False, True])
def test_one_that_is_cancelled_ends_at_the_next_step_and_leaves_nothing_in_the_model(
    engine: OpenAIWhisperEngine,
    noise: Path,
    speak: Callable[..., Path],
    word_timestamps: bool,
) -> None:
    assert engine._model is not None
    hooks = [len(module._forward_hooks) for module in engine._model.modules()]
    options = DecodingOptions(language="en", word_timestamps=word_timestamps)
    batch = requests(noise, speak("Music makes people happy."), options=options)
    ends: list[Done | Failed] = []
    for event in engine.transcribe(batch):
        if isinstance(event, Progressed) and event.id == "1":
            batch.cancel("1")
        elif isinstance(event, Done | Failed):
            ends.append(event)
    assert isinstance(ends[0], Failed) and type(ends[0].error) is CancelledRequestError
    assert isinstance(ends[1], Done) and ends[1].transcript.text == "Music makes people happy."
    assert [len(module._forward_hooks) for module in engine._model.modules()] == hooks


def test_whoever_stops_listening_stops_the_work(engine: OpenAIWhisperEngine, noise: Path) -> None:
    batch = requests(noise, noise)
    events = engine.transcribe(batch)
    assert isinstance(next(events), Progressed)
    events.close()
    assert batch.running == ("1",), "the second was never begun"


def test_a_clip_of_several_blocks_is_heard_as_a_whole(
    engine: OpenAIWhisperEngine, speak: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = speak("The children are playing in the garden.")
    blocks: list[int] = []

    def in_blocks(samples: Samples, n_mels: int, padding: int) -> object:
        blocks.append(len(samples) // HOP_LENGTH // 50)
        return spectrogram(samples, n_mels, padding, block_frames=50)

    monkeypatch.setattr(patches, "spectrogram", in_blocks)
    last = last_of(engine.transcribe(requests(path)))
    assert isinstance(last, Done)
    assert last.transcript.text == "The children are playing in the garden."
    assert blocks[0] > 3


def test_unloading_gives_the_memory_back(checkpoint: Path) -> None:
    engine = OpenAIWhisperEngine()
    for _ in range(2):
        engine.load(str(checkpoint), "cpu", LoadOptions(model_dir=Path("/nowhere")), SILENT)
        model = weakref.ref(engine._model)
        assert model() is not None and engine.device == "cpu"
        engine.unload()
        gc.collect()
        assert model() is None


def test_the_operators_language_is_looked_at_before_the_model() -> None:
    options = LoadOptions(model_dir=Path("/nowhere"), language="Klingon")
    with pytest.raises(ConfigError, match="no language 'Klingon'"):
        OpenAIWhisperEngine().load("nowhere.pt", "cpu", options, SILENT)


def test_every_option_is_one_of_openai_whisper() -> None:
    """And none is lost on the way: transcribe() hands what it does not know to DecodingOptions."""
    import inspect

    import whisper

    arguments = whisper_arguments(DecodingOptions())
    known = set(inspect.signature(whisper.transcribe).parameters)
    known |= set(inspect.signature(whisper.DecodingOptions).parameters)
    assert set(arguments) <= known
    assert arguments["suppress_tokens"] == [-1] and arguments["clip_timestamps"] == [0.0]
