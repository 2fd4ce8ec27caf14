"""Whether a sentence is over, by its text's times and by who speaks in the quiet behind it."""

import asyncio
import io
import wave
from array import array

import pytest

from alternator.errors import WorkerError
from alternator.live import ear as ears
from alternator.live.ear import Ear
from alternator.live.look import Look
from alternator.live.news import Rules
from alternator.live.pace import Pace
from alternator.live.past import Past
from alternator.live.plan import Pass
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment, Transcript

RULES = Rules()
AT_A_PAUSE = Pass(end=2.5, pause=2.0)


def never() -> bool:
    return False


def talk() -> Sound:
    """Two seconds that are loud, and half a second that is less so."""
    sound = Sound(16000)
    sound.append(array("h", [5000] * 32000 + [100] * 8000).tobytes())
    return sound


class Answers:
    """Says the same of each stretch of sound; ``asked`` are their seconds, and whether in full."""

    def __init__(self, *said: Segment) -> None:
        self.said = said
        self.asked: list[tuple[float, bool]] = []

    async def __call__(self, look: Look) -> Transcript:
        with wave.open(io.BytesIO(look.wav)) as file:
            self.asked.append((file.getnframes() / file.getframerate(), look.full))
        return Transcript(text="", language="en", duration=1.0, segments=self.said)


class HangsAtWords:
    """Hears nobody in a look in full, after a while, and never comes to the end of a quick one;
    ``given_up``: of each that was, whether it was in full."""

    def __init__(self) -> None:
        self.given_up: list[bool] = []

    async def __call__(self, look: Look) -> Transcript:
        try:
            await asyncio.sleep(0.2 if look.full else 60)
        except asyncio.CancelledError:
            self.given_up.append(look.full)
            raise
        return Transcript(text="", language="en", duration=1.0, segments=())


def over(answers: Answers, window: Pass, end: float) -> bool:
    segments = (Segment(start=0.0, end=end, text=" word"),)
    return asyncio.run(Ear(answers, Pace()).is_over(talk(), window, segments, RULES))


def test_times_that_are_clear_are_enough() -> None:
    answers = Answers()
    assert over(answers, AT_A_PAUSE, 2.1)
    assert answers.asked == []


def test_text_up_to_the_end_is_over_where_nobody_speaks_in_the_quiet() -> None:
    """tiny says whole seconds: 2.5 for what ended at 2.0."""
    answers = Answers()
    assert over(answers, AT_A_PAUSE, 2.5)
    assert answers.asked == [(pytest.approx(0.5), False)]


def test_it_goes_on_where_somebody_speaks_softly() -> None:
    assert not over(Answers(Segment(start=0.0, end=0.5, text=" and")), AT_A_PAUSE, 2.5)
    assert over(Answers(Segment(start=0.0, end=0.5, text=" ")), AT_A_PAUSE, 2.5)


def test_nobody_is_asked_where_there_is_no_quiet_or_the_look_was_quick() -> None:
    answers = Answers()
    assert not over(answers, Pass(end=2.5), 2.5)
    assert not over(answers, Pass(end=2.5, pause=2.0, full=False), 2.5)
    assert answers.asked == []


def test_an_error_leaves_the_pace_as_it_was() -> None:
    async def hear(look: Look) -> Transcript:
        raise WorkerError("it died")

    pace = Pace()
    ear = Ear(hear, pace)
    for _ in range(10):
        with pytest.raises(WorkerError):
            asyncio.run(ear.segments(talk(), AT_A_PAUSE, never, Past()))
    assert ear.has_room


def test_a_look_that_may_be_left_out_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ears, "GIVEN_UP_SECONDS", 0.05)
    hear = HangsAtWords()

    async def looks() -> None:
        ear = Ear(hear, Pace())
        for _ in range(2):
            assert await ear.segments(talk(), Pass(end=2.5, full=False), never, Past()) is None
        assert ear.in_time and ear.has_room
        # One in full is waited for.
        assert await ear.segments(talk(), AT_A_PAUSE, never, Past()) == ()
        # Whether somebody speaks in the quiet is not known then: the sentence is not over.
        said = (Segment(start=0.0, end=2.5, text=" word"),)
        assert not await ear.is_over(talk(), AT_A_PAUSE, said, RULES)

    asyncio.run(looks())
    assert hear.given_up == [False] * 3


def test_a_quick_look_is_given_up_once_one_in_full_is_due() -> None:
    hear = HangsAtWords()

    async def looks() -> None:
        ear = Ear(hear, Pace())
        asked: list[bool] = []

        def due() -> bool:
            asked.append(True)
            return len(asked) > 2

        assert await ear.segments(talk(), Pass(end=2.5, full=False), due, Past()) is None
        assert len(asked) == 3
        assert await ear.segments(talk(), AT_A_PAUSE, due, Past()) == ()  # one in full is not

    asyncio.run(looks())
    assert hear.given_up == [False]
