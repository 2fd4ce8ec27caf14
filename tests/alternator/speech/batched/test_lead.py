"""What was said before a window, as the model is given it; and what becomes of the window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from engine_runs import run  # after importorskip
from sounds import heard, joined, silence, sound_file

from alternator.progress import SILENT
from alternator.speech.batched.lead import Spoken, lead_of, spoken
from alternator.speech.batched.voiced import Lead
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.cutting import Span
from alternator.speech.engines.batched import BatchedEngine
from alternator.speech.engines.engine import Known, LoadOptions, Request
from alternator.speech.engines.whisper_package import get_tokenizer
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment, Transcript
from alternator.speech.worker.inbox import Inbox

ENGLISH = DecodingOptions(language="en")
FIRST, SECOND = "This is a test of the caption bot.", "Captions help everyone understand."
SAID = Segment(start=1.0, end=3.5, text=" Captions help.")
KNOWN = Known(until=4.0, said=SAID)
WINDOWS = [Span(start=4.2, end=7.0), Span(start=12.0, end=14.0)]


def test_it_begins_a_moment_before_its_first_word() -> None:
    assert lead_of(KNOWN, WINDOWS, ENGLISH) == Lead(start=0.6, until=4.2, said=SAID)


@pytest.mark.parametrize(
    "options",
    [
        replace(ENGLISH, language=None),
        replace(ENGLISH, without_timestamps=True),
        replace(ENGLISH, word_timestamps=True),
        replace(ENGLISH, prefix="Well"),
    ],
    ids=["language to be detected", "no times", "times of words", "a prefix"],
)
def test_there_is_none_where_it_can_not_be_given(options: DecodingOptions) -> None:
    assert lead_of(KNOWN, WINDOWS, options) is None


def test_there_is_none_for_nothing_or_too_much() -> None:
    assert lead_of(None, WINDOWS, ENGLISH) is None
    assert lead_of(KNOWN, [], ENGLISH) is None
    assert lead_of(KNOWN, [Span(start=4.2, end=30.5)], ENGLISH) is not None
    assert lead_of(KNOWN, [Span(start=4.2, end=30.7)], ENGLISH) is None


def test_its_text_stands_between_its_times() -> None:
    tokenizer = get_tokenizer(True, language="en", task="transcribe")
    found = spoken(Lead(start=0.6, until=4.2, said=SAID), tokenizer, 1500, 100)
    first = tokenizer.timestamp_begin
    assert found.tokens == (first + 20, *tokenizer.encode(" Captions help."), first + 145)
    assert found.until == pytest.approx(3.6)


def test_text_that_can_not_be_given_is_left_out() -> None:
    tokenizer = get_tokenizer(True, language="en", task="transcribe")
    lead = Lead(start=0.6, until=4.2, said=SAID)
    signs = replace(lead, said=replace(SAID, text=" <|endoftext|>"))
    assert spoken(signs, tokenizer, 1500, 100) == Spoken()
    assert spoken(lead, tokenizer, 1500, 3) == Spoken()


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> BatchedEngine:
    found = BatchedEngine()
    options = LoadOptions(model_dir=Path("/nowhere"), compute_type="float32", threads=1)
    found.load(str(checkpoint), "cpu", options, SILENT)
    return found


@pytest.fixture(scope="module")
def talk(
    speak: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Known]:
    """Two sentences, of which the first is known."""
    one, two = (heard(speak(text)) for text in (FIRST, SECOND))
    path = tmp_path_factory.mktemp("talk") / "two.wav"
    sound_file(path, joined(one, silence(0.8), two, silence(0.5)))
    said = Segment(start=0.0, end=len(one) / 16_000, text=f" {FIRST}")
    return path, Known(until=len(one) / 16_000 + 0.4, said=said)


def told(engine: BatchedEngine, path: Path, known: Known, options: DecodingOptions) -> Transcript:
    inbox = Inbox(lambda _: None)
    inbox.add(Request(id="0", path=path, limit_seconds=None, options=options, known=known))
    ends, _ = run(engine, inbox)
    transcript = ends["0"]
    assert isinstance(transcript, Transcript), transcript
    return transcript


@pytest.mark.parametrize(
    "options",
    [
        ENGLISH,
        replace(ENGLISH, beam_size=None),
        replace(ENGLISH, language=None),
        replace(ENGLISH, word_timestamps=True),
        replace(ENGLISH, without_timestamps=True),
        replace(ENGLISH, vad=False),
    ],
    ids=["beams", "greedy", "language unknown", "words", "no times", "window after window"],
)
def test_only_what_is_behind_it_is_told(
    engine: BatchedEngine, talk: tuple[Path, Known], options: DecodingOptions
) -> None:
    path, known = talk
    transcript = told(engine, path, known, options)
    assert transcript.text == SECOND
    assert all(segment.start >= known.until - 0.1 for segment in transcript.segments)
    assert transcript.segments[-1].end <= transcript.duration + 0.1


def watched(
    engine: BatchedEngine,
    monkeypatch: pytest.MonkeyPatch,
    heard_as: Callable[[Window, Decoded], Decoded] = lambda _, decoded: decoded,
) -> list[Window]:
    """The windows that will be decoded; what becomes of each is told as ``heard_as`` has it."""
    assert engine._loaded is not None
    decoder = engine._loaded.decoder
    submit = decoder.submit
    windows: list[Window] = []

    def seen(window: Window, on_done: Callable[[Decoded], None]) -> None:
        windows.append(window)
        submit(window, lambda decoded: on_done(heard_as(window, decoded)))

    monkeypatch.setattr(decoder, "submit", seen)
    return windows


def test_the_model_is_given_it(
    engine: BatchedEngine, talk: tuple[Path, Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = talk
    windows = watched(engine, monkeypatch)
    told(engine, path, known, ENGLISH)
    (window,) = windows
    assert len(window.prefix) > 5
    assert window.begins == pytest.approx(known.until, abs=0.5)
    assert window.mel.shape[-1] > known.until * 100  # all of the sound


def test_nothing_is_told_where_nobody_speaks_behind_it(
    engine: BatchedEngine, speak: Callable[..., Path], tmp_path: Path
) -> None:
    one = heard(speak(FIRST))
    path = sound_file(tmp_path / "one.wav", joined(one, silence(2)))
    end = len(one) / 16_000
    said = Segment(start=0.0, end=end, text=f" {FIRST}")
    assert told(engine, path, Known(until=end + 0.2, said=said), ENGLISH).text == ""


def test_where_the_model_takes_all_for_said_it_is_heard_alone(
    engine: BatchedEngine, talk: tuple[Path, Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = talk

    def mute(window: Window, decoded: Decoded) -> Decoded:
        led = window.begins is not None
        return replace(decoded, tokens=decoded.tokens[:1], text="") if led else decoded

    windows = watched(engine, monkeypatch, mute)
    assert told(engine, path, known, ENGLISH).text == SECOND
    assert [window.begins is None for window in windows] == [False, True]
