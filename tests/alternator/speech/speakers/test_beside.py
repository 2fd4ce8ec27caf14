"""Speakers are found beside an engine, and no other request waits for them."""

import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from alternator.errors import MediaError, ModelError
from alternator.media.audio import GoOn
from alternator.models import speaker_weights
from alternator.progress import Progress
from alternator.speech import long_sound
from alternator.speech.engines.engine import (
    Batch,
    CancelledRequestError,
    Done,
    Event,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    SegmentFound,
)
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.speakers.beside import Beside, Turns
from alternator.speech.transcript import Segment, Transcript, Word
from alternator.speech.worker.inbox import Inbox
from bench.speaker_mixes import JUDGED, Mix, Plan, made
from tests.real.speech import NotHereError, folder

RATE = 16_000


class Reciter:
    """An engine that says a word for each half second of a file, without listening.

    ``asked``: the requests as it got them. ``hook`` is called before it answers one.
    """

    device = "paper"

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.hook = lambda: None

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """Nothing to load."""

    def transcribe(self, batch: Batch) -> Iterator[Event]:
        while (request := batch.take()) is not None:
            self.asked.append(request)
            yield Progressed(id=request.id, done=0.0, total=1.0)
            self.hook()
            if batch.cancelled(request.id):
                error = CancelledRequestError("the transcription was cancelled")
                yield Failed(id=request.id, error=error)
                continue
            segment = recited(request)
            yield SegmentFound(id=request.id, segment=segment)
            yield Done(
                id=request.id,
                transcript=Transcript(
                    text=segment.text.strip(),
                    language="en",
                    duration=segment.end,
                    segments=(segment,),
                ),
            )

    def unload(self) -> None:
        """Nothing to give back."""


def recited(request: Request) -> Segment:
    try:
        with wave.open(str(request.path)) as file:
            halves = file.getnframes() * 2 // RATE
    except (OSError, wave.Error, EOFError):
        halves = 2
    words = tuple(
        Word(start=at / 2, end=at / 2 + 0.5, text=f" w{at}", probability=1.0)
        for at in range(halves)
    )
    return Segment(
        start=0.0,
        end=halves / 2,
        text="".join(word.text for word in words),
        words=words if request.options.word_timestamps else None,
    )


@pytest.fixture(scope="module")
def talk() -> Mix:
    plan = Plan(kind="test", voices=("en-allison", "nl-big"), turns=4)
    try:
        return made(plan, JUDGED)
    except NotHereError as error:
        pytest.skip(str(error))


@pytest.fixture
def talk_file(talk: Mix, tmp_path: Path) -> Path:
    return write(tmp_path / "talk.wav", np.round(talk.samples * 32_767))


def write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.fixture
def beside(speaker_weights: Path) -> Beside:
    return Beside(folder())


@pytest.fixture
def nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """On a machine without the weights."""
    monkeypatch.setattr(speaker_weights, "PACKAGE", "resemblyzer-nowhere")
    return Beside(tmp_path / "no-models")


def asks(number: str, path: Path, speakers: SpeakerOptions | None) -> Request:
    return Request(
        id=number, path=path, limit_seconds=None, options=DecodingOptions(), speakers=speakers
    )


def inbox(*requests: Request) -> Inbox:
    made = Inbox(lambda _: None)
    for request in requests:
        made.add(request)
    return made


def answered(beside: Beside, engine: Reciter, batch: Inbox) -> list[Event]:
    """All events, as the worker gets them."""
    events = []
    for event in beside.transcribe(engine, batch):
        events.append(event)
        if isinstance(event, Done | Failed):
            batch.finished(event.id)
    assert batch.running == ()
    return events


def done(events: list[Event], number: str) -> Transcript:
    (transcript,) = [e.transcript for e in events if isinstance(e, Done) and e.id == number]
    return transcript


def failed(events: list[Event], number: str) -> Exception:
    (error,) = [e.error for e in events if isinstance(e, Failed) and e.id == number]
    return error


def test_words_get_their_speakers(beside: Beside, talk: Mix, talk_file: Path) -> None:
    engine = Reciter()
    events = answered(beside, engine, inbox(asks("1", talk_file, SpeakerOptions(count=2))))
    transcript = done(events, "1")
    assert {segment.speaker for segment in transcript.segments} == {"SPEAKER_00", "SPEAKER_01"}
    # What is told one by one is what the transcript has, and nothing came before.
    told = [event.segment for event in events if isinstance(event, SegmentFound)]
    assert told == list(transcript.segments)
    assert "".join(segment.text for segment in told).strip() == transcript.text
    # The words have served: nobody asked for their times.
    assert engine.asked[0].options.word_timestamps
    assert all(segment.words is None for segment in transcript.segments)
    names = {"en-allison": set[str | None](), "nl-big": set[str | None]()}
    for stretch in talk.real:
        middle = (stretch.start + stretch.end) / 2
        names[stretch.speaker] |= {
            part.speaker for part in transcript.segments if part.start <= middle < part.end
        }
    assert sorted(map(len, names.values())) == [1, 1] and names["en-allison"] != names["nl-big"]


def test_who_asks_for_no_speakers_gets_the_engines_own_answer(talk_file: Path) -> None:
    engine = Reciter()
    request = asks("1", talk_file, None)
    events = answered(Beside(Path("/nowhere")), engine, inbox(request))
    assert events == list(Reciter().transcribe(inbox(request)))
    assert engine.asked == [request]


def test_nobody_waits_for_the_speakers_of_another(
    beside: Beside, talk_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = threading.Event()
    find = beside._turns
    monkeypatch.setattr(
        beside, "_turns", lambda request, go_on: (known.wait(60), find(request, go_on))[1]
    )
    batch = inbox(asks("slow", talk_file, SpeakerOptions()), asks("quick", talk_file, None))
    events = beside.transcribe(Reciter(), batch)
    ended: list[str] = []
    later = False
    beats = 0
    for event in events:
        if isinstance(event, Done | Failed):
            batch.finished(event.id)
            ended.append(event.id)
        if ended == ["quick"] and not later:
            later = True  # one that comes while only speakers are computed
            batch.add(asks("later", talk_file, None))
        if ended == ["quick", "later"]:
            beats += isinstance(event, Progressed)  # slow is not stuck
            if beats:
                known.set()
    assert ended == ["quick", "later", "slow"]


def test_a_short_file_does_not_wait_for_the_speakers_of_a_long_one(
    beside: Beside, talk_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with wave.open(str(talk_file)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    short = write(tmp_path / "short.wav", samples[: len(samples) // 2])
    monkeypatch.setattr(long_sound, "LONG_SECONDS", 0.75 * len(samples) / RATE)
    find = beside._turns
    known = threading.Event()

    def slow(request: Request, go_on: GoOn) -> Turns:
        """A long one is not done before the short one is; in the thread of short ones it would
        never be."""
        turns = find(request, go_on)
        assert request.id == "short" or known.wait(60)
        return turns

    monkeypatch.setattr(beside, "_turns", slow)
    speakers = SpeakerOptions()
    batch = inbox(asks("long", talk_file, speakers), asks("short", short, speakers))
    ended: dict[str, Event] = {}
    for event in beside.transcribe(Reciter(), batch):
        if isinstance(event, Done | Failed):
            batch.finished(event.id)
            ended[event.id] = event
            known.set()
    assert list(ended) == ["short", "long"]
    alone = answered(Beside(folder()), Reciter(), inbox(asks("long", talk_file, speakers)))
    assert ended["long"] == alone[-1]


def test_without_the_weights_it_is_refused_before_the_engine_works(
    nothing_there: Beside, talk_file: Path
) -> None:
    engine = Reciter()
    batch = inbox(asks("1", talk_file, SpeakerOptions()), asks("2", talk_file, None))
    events = answered(nothing_there, engine, batch)
    error = failed(events, "1")
    assert isinstance(error, ModelError) and "alternator models speakers" in str(error)
    assert [request.id for request in engine.asked] == ["2"]
    assert done(events, "2").text
    alone = answered(nothing_there, engine, inbox(asks("3", talk_file, SpeakerOptions())))
    assert [type(event) for event in alone] == [Failed]


def test_a_file_that_is_none_fails_with_its_own_reason(beside: Beside, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    events = answered(beside, Reciter(), inbox(asks("1", path, SpeakerOptions())))
    assert isinstance(failed(events, "1"), MediaError)


def test_the_engine_is_stopped_where_there_will_be_no_speakers(
    beside: Beside, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    engine = Reciter()
    batch = inbox(asks("1", path, SpeakerOptions()))
    run = beside.transcribe(engine, batch)
    ready = threading.Event()
    submit = beside._threads._short.submit
    # The thread of the speakers is free again once it has failed.
    engine.hook = lambda: (submit(ready.set), ready.wait(60), None)[-1]
    events = list(run)
    assert isinstance(failed(events, "1"), MediaError)
    assert not any(isinstance(event, Done | SegmentFound) for event in events)


def test_one_that_is_cancelled_while_it_is_held_back(
    beside: Beside, talk_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def never(_: Request, go_on: GoOn) -> tuple[()]:
        try:
            while True:
                go_on(0.0)
                time.sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(beside, "_turns", never)
    batch = inbox(asks("1", talk_file, SpeakerOptions()))
    events = []
    for event in beside.transcribe(Reciter(), batch):
        events.append(event)
        if isinstance(event, Progressed) and event.done:  # the sign of life of one that is held
            batch.cancel("1")
        if isinstance(event, Failed):
            batch.finished(event.id)
    assert type(failed(events, "1")) is CancelledRequestError
    assert ended.wait(60)


def test_silence_has_no_speakers(beside: Beside, tmp_path: Path) -> None:
    path = write(tmp_path / "silence.wav", np.zeros(2 * RATE))
    events = answered(beside, Reciter(), inbox(asks("1", path, SpeakerOptions(count=3))))
    transcript = done(events, "1")
    assert [segment.speaker for segment in transcript.segments] == [None]
    assert "given to no speaker" in transcript.notes[0]
