"""The engine ``alternator`` side by side: what users meet, on the fixture's speech."""

import dataclasses
import gc
import statistics
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from engine_runs import inbox_of, run, transcribed  # after importorskip
from sounds import heard, joined, noise, silence, sound_file, tune

from alternator.errors import ConfigError, MediaError
from alternator.media.audio import Samples
from alternator.progress import SILENT
from alternator.speech import long_sound
from alternator.speech.engines.batched import BatchedEngine
from alternator.speech.engines.engine import (
    CancelledRequestError,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.engines.whisper_package import whisper
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript

PLAIN = DecodingOptions(temperature=(0.0,), beam_size=None)
PHRASES = (
    "Captions help everyone understand.",
    "Good morning, everyone.",
    "Open source software is fun.",
    "The children are playing in the garden.",
)


def loaded(checkpoint: Path) -> BatchedEngine:
    engine = BatchedEngine()
    options = LoadOptions(
        model_dir=Path("/nowhere"), compute_type="float32", batch_size=3, threads=1
    )
    engine.load(str(checkpoint), "cpu", options, SILENT)
    return engine


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> BatchedEngine:
    return loaded(checkpoint)


@pytest.fixture(scope="module")
def spoken(speak: Callable[..., Path]) -> tuple[Samples, ...]:
    return tuple(heard(speak(phrase)) for phrase in PHRASES)


@pytest.fixture(scope="module")
def known(engine: BatchedEngine, speak: Callable[..., Path]) -> tuple[str, ...]:
    """What the model makes of each phrase alone; it does not know them all."""
    return tuple(transcribed(engine, speak(phrase), PLAIN).text for phrase in PHRASES)


def test_segments_come_in_their_order_though_windows_are_done_in_any(
    engine: BatchedEngine, spoken: tuple[Samples, ...], known: tuple[str, ...], tmp_path: Path
) -> None:
    # Pauses of more than 5 s: a window each, the long one first, the short ones done before it.
    parts = [spoken[3], silence(6), spoken[0], silence(7), spoken[1], silence(8), spoken[2]]
    path = sound_file(tmp_path / "many.wav", joined(*parts))
    ends, events = run(engine, inbox_of([path], PLAIN))
    transcript = ends["0"]
    assert isinstance(transcript, Transcript)
    assert transcript.text == " ".join([known[3], known[0], known[1], known[2]])
    told = [event.segment for event in events if isinstance(event, SegmentFound)]
    assert tuple(told) == transcript.segments
    starts = [segment.start for segment in told]
    assert starts == sorted(starts)
    done = [event.done for event in events if isinstance(event, Progressed)]
    assert done == sorted(done)
    # Where somebody speaks, and not at the beginning of the silence before it.
    at = 0.0
    for part, segment in zip(parts[::2], told, strict=True):
        assert abs(segment.start - at) < 0.6
        at += len(part) / 16_000 + 6 + told.index(segment)


def test_pauses_within_a_window_are_left_out_and_times_are_of_the_file(
    engine: BatchedEngine, spoken: tuple[Samples, ...], tmp_path: Path
) -> None:
    parts = [spoken[0], silence(3), spoken[1], silence(4), spoken[0]]
    path = sound_file(tmp_path / "pauses.wav", joined(*parts))
    options = dataclasses.replace(PLAIN, language="en", word_timestamps=True)
    ends, events = run(engine, inbox_of([path], options))
    transcript = ends["0"]
    assert isinstance(transcript, Transcript)
    length = sum(map(len, parts)) / 16_000
    assert [event.done for event in events if isinstance(event, Progressed)][-1] == length
    words = [word for segment in transcript.segments for word in segment.words or ()]
    # Each third of the file has its own words: nothing of them is told from within a pause.
    pauses = [(len(parts[0]) / 16_000, len(parts[0]) / 16_000 + 3)]
    pauses.append((pauses[0][1] + len(parts[2]) / 16_000, length - len(parts[4]) / 16_000))
    for start, end in pauses:
        for word in words:
            assert word.end <= start + 0.5 or word.start >= end - 0.5, (word, pauses)
    assert words[-1].end > pauses[1][1]


def test_language_and_how_sure_it_is(engine: BatchedEngine, speak: Callable[..., Path]) -> None:
    transcript = transcribed(engine, speak("Das Wetter ist heute schön.", voice="de"), PLAIN)
    assert transcript.language == "de"
    assert transcript.language_probability is not None
    assert 0.5 < transcript.language_probability <= 1.0
    given = transcribed(engine, speak(PHRASES[0]), dataclasses.replace(PLAIN, language="English"))
    assert (given.language, given.language_probability) == ("en", None)


def test_one_language_for_a_file_of_two(
    engine: BatchedEngine, speak: Callable[..., Path], tmp_path: Path
) -> None:
    """A short call in another language at the beginning does not decide."""
    german, english = heard(speak("Ja.", voice="de")), heard(speak(PHRASES[0]))
    samples = joined(german, silence(6), english, silence(6), english, silence(6), english)
    path = sound_file(tmp_path / "two.wav", samples)
    transcript = transcribed(engine, path, PLAIN)
    assert transcript.language == "en"
    assert transcript.text.count(PHRASES[0]) == 3


@pytest.mark.parametrize("before", ["silence", "noise", "tune"])
def test_speech_after_a_long_time_without_any(
    before: str,
    engine: BatchedEngine,
    spoken: tuple[Samples, ...],
    known: tuple[str, ...],
    tmp_path: Path,
) -> None:
    lead = {"silence": silence(40), "noise": noise(30), "tune": tune(30)}[before]
    path = sound_file(tmp_path / "late.wav", joined(lead, spoken[0], silence(1)))
    transcript = transcribed(engine, path, PLAIN)
    # Where music fades into speech the small model hears another phrase.
    assert transcript.text == known[0] or before == "tune"
    assert len(transcript.segments) == 1
    assert transcript.segments[0].start > len(lead) / 16_000 - 1.0


def test_quiet_speech_is_heard(
    engine: BatchedEngine, spoken: tuple[Samples, ...], known: tuple[str, ...], tmp_path: Path
) -> None:
    """Of 24 bits, with its peak at -67 dB of full scale."""
    quiet = spoken[0] / np.abs(spoken[0]).max() * 10 ** (-67 / 20)
    path = sound_file(tmp_path / "quiet.wav", joined(silence(1), quiet), bits=24)
    assert transcribed(engine, path, PLAIN).segments


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        (silence(3.0), "It is silent from beginning to end."),
        (silence(1 / 16_000), "It is silent from beginning to end."),
        (noise(1 / 16_000), None),
        (noise(20.0, 0.2), None),
        (tune(20.0), None),
    ],
    ids=["silence", "a sample of silence", "a sample", "noise", "tune"],
)
def test_without_speech_there_are_no_words(
    samples: Samples, note: str | None, engine: BatchedEngine, tmp_path: Path
) -> None:
    path = sound_file(tmp_path / "none.wav", samples)
    for options in (PLAIN, dataclasses.replace(PLAIN, word_timestamps=True, language="de")):
        transcript = transcribed(engine, path, options)
        assert (transcript.text, transcript.segments) == ("", ())
        assert transcript.notes == (() if note is None else (note,))
        assert transcript.language == (options.language or "")


@pytest.mark.parametrize("vad", [True, False])
@pytest.mark.parametrize("clips", [(100.0,), (100.0, 200.0), (1.0, 500.0), (5.0, 2.0), ()])
def test_clips_past_the_end_end(
    vad: bool, clips: tuple[float, ...], engine: BatchedEngine, speak: Callable[..., Path]
) -> None:
    """openai-whisper goes round for ever."""
    options = dataclasses.replace(PLAIN, vad=vad, clip_timestamps=clips)
    transcript = transcribed(engine, speak(PHRASES[0]), options)
    assert bool(transcript.segments) == (clips in ((1.0, 500.0), ()))


def test_only_the_clips_are_heard(
    engine: BatchedEngine, spoken: tuple[Samples, ...], known: tuple[str, ...], tmp_path: Path
) -> None:
    samples = joined(spoken[0], silence(6), spoken[1], silence(6), spoken[2])
    path = sound_file(tmp_path / "clips.wav", samples)
    second = len(spoken[0]) / 16_000 + 5
    options = dataclasses.replace(PLAIN, language="en", clip_timestamps=(second, second + 6))
    assert transcribed(engine, path, options).text == known[1]


def test_a_bad_file_fails_alone(
    engine: BatchedEngine, speak: Callable[..., Path], known: tuple[str, ...], tmp_path: Path
) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("This is no sound.")
    paths = [speak(PHRASES[0]), text, tmp_path / "nowhere.wav", speak(PHRASES[1])]
    ends, _ = run(engine, inbox_of(paths, PLAIN))
    assert isinstance(ends["1"], MediaError) and isinstance(ends["2"], MediaError)
    for number, place in (("0", 0), ("3", 1)):
        end = ends[number]
        assert isinstance(end, Transcript) and end.text == known[place]


@pytest.mark.parametrize(
    "options",
    [
        dataclasses.replace(PLAIN, language="Klingon"),
        dataclasses.replace(PLAIN, initial_prompt="<|endoftext|>"),
        dataclasses.replace(PLAIN, hotwords="<|0.00|>", vad=False),
    ],
    ids=["language", "prompt", "hotwords"],
)
def test_options_that_can_not_be_met_fail_alone(
    options: DecodingOptions, engine: BatchedEngine, speak: Callable[..., Path]
) -> None:
    inbox = inbox_of([speak(PHRASES[0])], options)
    inbox.add(Request(id="good", path=speak(PHRASES[0]), limit_seconds=None, options=PLAIN))
    ends, _ = run(engine, inbox)
    assert isinstance(ends["0"], ConfigError)
    assert isinstance(ends["good"], Transcript)


@pytest.mark.parametrize("vad", [True, False])
def test_a_cancelled_request_ends_and_the_others_do_not(
    vad: bool, engine: BatchedEngine, spoken: tuple[Samples, ...], tmp_path: Path
) -> None:
    long = joined(*(part for _ in range(6) for part in (spoken[0], silence(12))))
    paths = [sound_file(tmp_path / "long.wav", long), sound_file(tmp_path / "other.wav", long)]
    options = dataclasses.replace(PLAIN, vad=vad, language="en")
    inbox = inbox_of(paths, options)
    events = engine.transcribe(inbox)
    ends: dict[str, object] = {}
    for event in events:
        if isinstance(event, SegmentFound) and event.id == "0":
            inbox.cancel("0")
        elif not isinstance(event, SegmentFound | Progressed | Said):
            ends[event.id] = getattr(event, "error", None) or getattr(event, "transcript", None)
            inbox.finished(event.id)
    assert isinstance(ends["0"], CancelledRequestError)
    other, alone = ends["1"], transcribed(engine, paths[1], options)
    assert isinstance(other, Transcript) and len(other.segments) >= 6
    assert other.text == alone.text


def test_a_short_request_does_not_wait_for_a_long_one(
    engine: BatchedEngine, spoken: tuple[Samples, ...], speak: Callable[..., Path], tmp_path: Path
) -> None:
    # Many more windows than may be asked for at once, or are heard while the other is decoded.
    long = joined(*(part for _ in range(48) for part in (spoken[0], silence(6))))
    inbox = inbox_of([sound_file(tmp_path / "long.wav", long)], PLAIN)
    ends: list[str] = []
    told = 0
    for event in engine.transcribe(inbox):
        if isinstance(event, SegmentFound):
            told += 1
            if told == 1:
                path = speak(PHRASES[0])
                inbox.add(Request(id="late", path=path, limit_seconds=None, options=PLAIN))
        elif not isinstance(event, Progressed | Said):
            if event.id == "late":
                assert told < 32, "the long one was almost done by then"
            ends.append(event.id)
            inbox.finished(event.id)
    assert ends == ["late", "0"]
    assert told == 48 + 1


def test_a_short_request_does_not_wait_for_many_long_ones(
    engine: BatchedEngine,
    spoken: tuple[Samples, ...],
    speak: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor for all of them to be prepared, and all are heard as they would be alone."""
    long = joined(*(part for _ in range(4) for part in (spoken[0], silence(6))))
    monkeypatch.setattr(long_sound, "LONG_SECONDS", len(long) / 16_000 - 1)
    path = sound_file(tmp_path / "long.wav", long)
    inbox = inbox_of([path] * 8, PLAIN)  # more than are taken at once
    inbox.add(Request(id="short", path=speak(PHRASES[0]), limit_seconds=None, options=PLAIN))
    ends, _ = run(engine, inbox)
    # Those that were long before it was taken may be heard by then.
    assert list(ends).index("short") < 4
    short = ends.pop("short")
    assert isinstance(short, Transcript)
    texts = {end.text for end in ends.values() if isinstance(end, Transcript)}
    assert len(ends) == 8 and texts == {" ".join([short.text] * 4)}


def test_what_is_urgent_is_taken_whatever_else_is_under_way(
    engine: BatchedEngine, spoken: tuple[Samples, ...], speak: Callable[..., Path], tmp_path: Path
) -> None:
    long = joined(*(part for _ in range(12) for part in (spoken[0], silence(6))))
    file = sound_file(tmp_path / "long.wav", long)
    inbox = inbox_of([file] * 9, PLAIN)  # more than are taken at once
    path = speak(PHRASES[0])
    ends: list[str] = []
    for event in engine.transcribe(inbox):
        if isinstance(event, SegmentFound) and not ends:
            ends.append("asked")
            options = dataclasses.replace(PLAIN, beam_size=2)
            live = Request(id="live", path=path, limit_seconds=None, options=options, urgent=True)
            inbox.add(live)
        elif not isinstance(event, SegmentFound | Progressed | Said):
            ends.append(event.id)
            inbox.finished(event.id)
    assert ends[:2] == ["asked", "live"]
    assert len(ends) == 1 + 9 + 1


def test_a_prompt_does_not_leak_into_the_text(
    engine: BatchedEngine, spoken: tuple[Samples, ...], known: tuple[str, ...], tmp_path: Path
) -> None:
    samples = joined(noise(5, 0.01), spoken[0], silence(8), spoken[1], noise(8, 0.01))
    path = sound_file(tmp_path / "prompted.wav", samples)
    for options in (
        dataclasses.replace(PLAIN, initial_prompt="The lazy dog."),
        dataclasses.replace(PLAIN, hotwords="Zanzibar, Ada Lovelace"),
    ):
        text = transcribed(engine, path, options).text
        assert not {"lazy", "Zanzibar", "Lovelace"} & set(text.replace(",", "").split())
        assert text.count(".") <= 3


def test_words_have_their_times(
    engine: BatchedEngine, checkpoint: Path, spoken: tuple[Samples, ...], tmp_path: Path
) -> None:
    """The same words as openai-whisper's, which looks at them a second time."""
    model = whisper.load_model(str(checkpoint), device="cpu")
    apart: list[float] = []
    for number, samples in enumerate(spoken):
        path = sound_file(tmp_path / f"{number}.wav", joined(silence(0.5), samples, silence(0.5)))
        options = dataclasses.replace(PLAIN, language="en", word_timestamps=True)
        ours = [
            word
            for segment in transcribed(engine, path, options).segments
            for word in segment.words or ()
        ]
        result = whisper.transcribe(
            model,
            heard(path),
            language="en",
            temperature=0.0,
            fp16=False,
            word_timestamps=True,
        )
        theirs = [word for segment in result["segments"] for word in segment["words"]]
        if not theirs:  # it clears a segment whose words are laid at one moment
            continue
        assert [word.text for word in ours] == [word["word"] for word in theirs]
        apart += [
            abs(word.start - other["start"]) for word, other in zip(ours, theirs, strict=True)
        ]
        assert all(word.confidence is not None and 0 < word.confidence < 1 for word in ours)
    assert len(apart) >= 8
    assert statistics.median(apart) <= 0.1


def test_thirty_files_in_a_row_take_no_more_memory_than_ten(
    engine: BatchedEngine, speak: Callable[..., Path]
) -> None:
    options = dataclasses.replace(PLAIN, word_timestamps=True)

    def resident() -> int:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 // 2**20

    first, others = [speak(PHRASES[0])] * 10, [speak(PHRASES[1])] * 20
    run(engine, inbox_of(first, options))
    before = resident()
    run(engine, inbox_of(others, options))
    assert resident() - before < 16  # MiB


def test_unloading_gives_the_model_back(checkpoint: Path, speak: Callable[..., Path]) -> None:
    engine = loaded(checkpoint)
    assert transcribed(engine, speak(PHRASES[0]), PLAIN).text
    assert engine._loaded is not None
    gone = weakref.ref(engine._loaded.decoder)
    engine.unload()
    gc.collect()
    assert gone() is None
    engine.unload()


def test_lines_for_verbose(engine: BatchedEngine, speak: Callable[..., Path]) -> None:
    options = dataclasses.replace(PLAIN, verbose=True)
    _, events = run(engine, inbox_of([speak(PHRASES[0])], options))
    lines = [event.text for event in events if isinstance(event, Said)]
    assert lines[0] == "Detected language: English"
    assert lines[1].startswith("[00:00.") and lines[1].endswith(PHRASES[0])
