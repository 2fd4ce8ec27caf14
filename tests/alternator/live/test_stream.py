"""A stream from its samples to its text: with the small Whisper, and with answers by script."""

import asyncio
import io
import subprocess
import wave
from array import array
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.errors import MediaError, WorkerError
from alternator.live import ear as ears
from alternator.live.asking import kept, promptly, quickly, transcript_of
from alternator.live.look import Hear, Look
from alternator.live.news import Began, Ended, Final, Lost, News, Partial, Rules
from alternator.live.pace import Pace
from alternator.live.stream import Stream
from alternator.speech.engines.engine import Known
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Segment, Transcript

Speak = Callable[..., Path]
Fed = Callable[[Stream], Awaitable[None]]

SPOKEN = (
    "This is a test of the caption bot.",
    "Captions help everyone understand.",
    "Hello world.",
)
RATE = 16000


@pytest.fixture(scope="module")
def transcriber(checkpoint: Path) -> Iterator[Transcriber]:
    pytest.importorskip("whisper")
    with Transcriber(WhisperSettings(model=str(checkpoint), max_duration_minutes=0)) as found:
        found.start()
        yield found


@pytest.fixture
def hear(transcriber: Transcriber, tmp_path: Path) -> Hear:
    async def hearing(look: Look) -> Transcript:
        return await transcript_of(transcriber, look, DecodingOptions(), tmp_path)

    return hearing


def samples(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-ac", "1", "-ar", str(RATE)]
    done = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True)
    return done.stdout


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * 2)


def loud(seconds: float, amplitude: int = 5000) -> bytes:
    return array("h", [amplitude] * round(seconds * RATE)).tobytes()


def news_of(hear: Hear, feed: Fed, rules: Rules = Rules()) -> list[News]:  # noqa: B008
    async def both() -> list[News]:
        stream = Stream(hear, Pace(), RATE, rules)

        async def fed() -> None:
            await feed(stream)
            stream.finish()

        feeding = asyncio.create_task(fed())
        found = [one async for one in stream.news()]
        await feeding
        return found

    return asyncio.run(asyncio.wait_for(both(), 120))


def at_once(sound: bytes) -> Fed:
    async def feed(stream: Stream) -> None:
        await stream.feed(sound)

    return feed


def texts(news: list[News]) -> list[str]:
    return [one.text for one in news if isinstance(one, Final)]


def test_the_words_are_those_of_the_file(
    hear: Hear, transcriber: Transcriber, speak: Speak, tmp_path: Path
) -> None:
    sound = b"".join(samples(speak(text)) + silence(1) for text in SPOKEN)
    file = tmp_path / "whole.wav"
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(sound)
    whole = transcriber.transcribe(file)
    file.unlink()

    found = news_of(hear, at_once(sound))

    assert " ".join(texts(found)) == whole.text == " ".join(SPOKEN)
    kinds = [type(one) for one in found if not isinstance(one, Partial)]
    assert kinds == [Began, Final, Ended] * 3
    finals = [one for one in found if isinstance(one, Final)]
    for live, segment in zip(finals, whole.segments, strict=True):
        assert live.segments[0].end == pytest.approx(segment.end, abs=0.5)
        assert live.latency >= 0
    assert list(tmp_path.iterdir()) == []


def test_the_engine_is_given_what_was_said_before(
    hear: Hear, transcriber: Transcriber, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Known | None] = []
    submit = transcriber.submit

    def seen(path: Path, options: DecodingOptions, *, urgent: bool, known: Known | None):
        given.append(known)
        return submit(path, options, urgent=urgent, known=known)

    monkeypatch.setattr(transcriber, "submit", seen)
    sound = b"".join(samples(speak(text)) + silence(1) for text in SPOKEN[:2])
    assert texts(news_of(hear, at_once(sound))) == list(SPOKEN[:2])
    assert given[0] is None
    said = [known.said.text for known in given if known is not None]
    assert said and set(said) == {f" {SPOKEN[0]}"}


def test_words_come_before_the_sentence_is_over(hear: Hear, speak: Speak) -> None:
    sound = samples(speak(SPOKEN[1])) + silence(1)

    async def slowly(stream: Stream) -> None:
        for at in range(0, len(sound), RATE // 2):  # a quarter of a second each
            await stream.feed(sound[at : at + RATE // 2])
            await asyncio.sleep(0.25)

    found = news_of(hear, slowly, Rules(step=0.5))
    partials = [one for one in found if isinstance(one, Partial)]
    assert partials
    assert found.index(partials[0]) < next(
        place for place, one in enumerate(found) if isinstance(one, Final)
    )
    assert texts(found) == [SPOKEN[1]]


def test_final_words_have_a_second_try_and_no_third() -> None:
    usual = DecodingOptions()
    assert usual.temperature[:3] == (0.0, 0.2, 0.4)
    prompt = promptly(usual, hurried=False)
    assert prompt == replace(usual, temperature=(0.0, 0.4)) and prompt.beam_size
    hurried = promptly(usual, hurried=True)
    assert hurried == replace(prompt, beam_size=None, patience=None, best_of=None)
    assert quickly(usual).temperature == (0.0,)
    one = replace(usual, temperature=(0.2,))
    assert promptly(one, hurried=False) == one


@pytest.mark.parametrize("given_up", [0.1, 600.0], ids=["given up", "a sentence is over"])
def test_a_look_that_hangs_holds_up_no_sentence(
    given_up: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears, "GIVEN_UP_SECONDS", given_up)

    async def hear(look: Look) -> Transcript:
        if not look.full:
            await asyncio.sleep(600)
        return transcript(Segment(start=0.0, end=1.9, text=" word"))

    async def feed(stream: Stream) -> None:
        await stream.feed(loud(2))
        await asyncio.sleep(0.3)
        await stream.feed(silence(0.6))

    assert texts(news_of(hear, feed)) == ["word"]


def test_what_is_said_in_one_breath_is_one_segment() -> None:
    parts = ((0.0, 0.8, " You can"), (0.9, 1.4, " see"), (1.7, 2.0, " it."))
    found = news_of(
        answering(*(Segment(start=start, end=end, text=text) for start, end, text in parts)),
        at_once(loud(2) + silence(1)),
    )
    (final,) = (one for one in found if isinstance(one, Final))
    assert final.text == "You can see it."
    assert [(one.start, one.end, one.text) for one in final.segments] == [
        (0.0, 1.4, " You can see"),
        (1.7, 2.0, " it."),
    ]


def answering(*segments: Segment) -> Hear:
    async def hear(look: Look) -> Transcript:
        return transcript(*segments)

    return hear


def test_a_final_look_is_told_what_was_said_before() -> None:
    looks: list[Look] = []

    async def hear(look: Look) -> Transcript:
        looks.append(look)
        return transcript(Segment(start=0.1, end=1.0, text=f" Number {len(looks)}."))

    found = news_of(hear, at_once((loud(1) + silence(1)) * 3))
    assert texts(found) == ["Number 1.", "Number 2.", "Number 3."]
    assert [look.before.said.text if look.before else None for look in looks] == [
        None,
        " Number 1.",
        " Number 1. Number 2.",
    ]
    for look in looks[1:]:
        assert look.before is not None
        assert length(look.before.wav) == pytest.approx(look.before.seconds + length(look.wav))


def test_what_was_said_before_is_forgotten_with_the_sound() -> None:
    looks: list[Look] = []

    async def hear(look: Look) -> Transcript:
        looks.append(look)
        return transcript(Segment(start=0.1, end=1.0, text=" word"))

    async def feed(stream: Stream) -> None:
        await stream.feed(loud(1) + silence(1))
        await asyncio.sleep(0.3)
        stream.clear()
        await stream.feed(loud(1) + silence(1))

    assert texts(news_of(hear, feed)) == ["word", "word"]
    assert [look.before for look in looks] == [None, None]


def test_speech_without_a_pause_is_cut_and_none_of_it_is_lost() -> None:
    heard: list[float] = []

    async def hear(look: Look) -> Transcript:
        seconds = length(look.wav)
        heard.append(seconds)
        segment = Segment(start=0.0, end=seconds, text=f" {seconds:.0f}s")
        return transcript(segment)

    found = news_of(hear, at_once(loud(65)))
    assert len(texts(found)) >= 4
    assert max(heard) <= 20
    ends = [segment.end for one in found if isinstance(one, Final) for segment in one.segments]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(65, abs=0.1)
    (ended,) = (one for one in found if isinstance(one, Ended))
    assert ended.seconds == pytest.approx(65, abs=0.1)


def test_an_engine_that_is_slow_leaves_out_words_and_no_sentence() -> None:
    """Two streams, one answer at a time, each later than it should be."""
    looks: list[bool] = []
    lock = asyncio.Lock()

    async def hear(look: Look) -> Transcript:
        async with lock:
            await asyncio.sleep(0.8)
        looks.append(look.full)
        # What is loud is a word.
        return transcript(Segment(start=0.0, end=length(look.wav) - 0.5, text=" word"))

    async def talking(pace: Pace) -> list[News]:
        stream = Stream(hear, pace, RATE, Rules(step=0.2))

        async def fed() -> None:
            for piece in (loud(0.4), silence(0.2), silence(0.4), loud(0.4), silence(0.6)):
                await stream.feed(piece)
                await asyncio.sleep(len(piece) / RATE / 2)
            stream.finish()

        feeding = asyncio.create_task(fed())
        found = [one async for one in stream.news()]
        await feeding
        return found

    async def both() -> list[list[News]]:
        pace = Pace()
        return list(await asyncio.gather(talking(pace), talking(pace)))

    for found in asyncio.run(asyncio.wait_for(both(), 60)):
        assert texts(found) == ["word", "word"]
    assert looks.count(True) == 4
    assert looks.count(False) <= 4


def test_who_sends_too_much_waits() -> None:
    async def scene() -> None:
        release = asyncio.Event()

        async def hear(look: Look) -> Transcript:
            await release.wait()
            return transcript()

        stream = Stream(hear, Pace(), RATE)

        async def listen() -> list[News]:
            return [one async for one in stream.news()]

        listening = asyncio.create_task(listen())
        feeding = asyncio.create_task(stream.feed(loud(120)))
        done, _ = await asyncio.wait({feeding}, timeout=0.3)
        assert not done
        assert stream.is_full
        assert stream.uncommitted < 41
        release.set()
        await asyncio.wait_for(feeding, 30)
        stream.finish()
        await asyncio.wait_for(listening, 30)

    asyncio.run(scene())


def test_what_cannot_be_heard_is_told_and_the_next_is_heard() -> None:
    answers = iter([WorkerError("it died"), None, None])

    async def hear(look: Look) -> Transcript:
        error = next(answers)
        if error is not None:
            raise error
        return transcript(Segment(start=0.0, end=0.9, text=" word"))

    found = news_of(hear, at_once(loud(1) + silence(1) + loud(1) + silence(0.6)))
    assert [type(one) for one in found] == [Lost, Began, Final, Ended]


def test_the_third_failure_in_a_row_is_raised() -> None:
    async def hear(look: Look) -> Transcript:
        raise WorkerError("it died")

    with pytest.raises(WorkerError, match="it died"):
        news_of(hear, at_once((loud(1) + silence(1)) * 5))


def test_clearing_gives_up_what_is_being_heard() -> None:
    async def scene() -> list[News]:
        asked = asyncio.Event()
        heard: list[float] = []

        async def hear(look: Look) -> Transcript:
            heard.append(length(look.wav))
            if len(heard) == 1:
                asked.set()
                await asyncio.Event().wait()
            return transcript(Segment(start=0.0, end=0.5, text=" second"))

        stream = Stream(hear, Pace(), RATE, Rules(turns=False))

        async def fed() -> None:
            await stream.feed(loud(1.5))
            await asked.wait()
            stream.clear()
            assert stream.uncommitted == 0
            await stream.feed(loud(0.5))
            stream.commit()
            stream.finish()

        feeding = asyncio.create_task(fed())
        found = [one async for one in stream.news()]
        await feeding
        return found

    found = asyncio.run(asyncio.wait_for(scene(), 30))
    assert [type(one) for one in found] == [Began, Final, Ended]
    assert texts(found) == ["second"]


def test_a_window_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(MediaError, match="can't be kept: No such file or directory; set TMPDIR"),
        kept(b"", tmp_path / "nowhere"),
    ):
        pass


def length(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as file:
        return file.getnframes() / file.getframerate()


def transcript(*segments: Segment) -> Transcript:
    text = "".join(segment.text for segment in segments).strip()
    return Transcript(text=text, language="en", duration=1.0, segments=segments)
