"""One that comes to no end is ended, by its engine or with its worker."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import WorkerError
from alternator.speech.engines.engine import Done, Request
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.job import Job
from alternator.speech.worker.protocol import Retried
from alternator.speech.worker.time_limit import LONGEST_SECONDS, TimeLimits

Orders = Callable[[str], Path]

SETTINGS = WhisperSettings(engine="crew", model="a crew")


def job(seconds: float | None, limit: float | None = None) -> Job:
    request = Request(
        id="1", path=Path("/clips/talk.mp3"), limit_seconds=limit, options=DecodingOptions()
    )
    return Job(request=request, number=1, seconds=seconds)


def test_the_limit_is_a_multiple_of_the_length_or_of_what_it_can_be_at_most() -> None:
    limits = TimeLimits(floor=60, cpu=30, gpu=5)
    assert limits.of(job(100), "cpu") == 60 + 3000
    assert limits.of(job(100), "cuda:1") == limits.of(job(100), "mps") == 60 + 500
    assert limits.of(job(None, 600), "cuda") == 60 + 3000
    assert limits.of(job(None), "cuda") == 60 + 5 * LONGEST_SECONDS


def test_without_a_length_the_decoders_bound_counts() -> None:
    audio = pytest.importorskip("alternator.media.audio")
    assert LONGEST_SECONDS == audio.LONGEST_SECONDS


def test_the_error_tells_limit_and_length() -> None:
    limits = TimeLimits(floor=60, cpu=30, gpu=5)
    assert str(limits.error(job(100), "cuda")) == (
        "the transcription of talk.mp3 was given up after 9.33 min of work on cuda, which is the "
        "limit for 1.67 min of sound; choose a smaller [whisper] model, or cut the file into pieces"
    )
    assert "the limit for 10 min of sound at most; " in str(limits.error(job(None, 600), "cpu"))


def test_one_without_an_end_is_cancelled_and_the_worker_stays(crew: Path, orders: Orders) -> None:
    limits = TimeLimits(floor=1, cpu=0.1)
    with Transcriber(SETTINGS, limits=limits) as transcriber:
        transcriber.start()
        pid = transcriber.worker_pid
        with pytest.raises(WorkerError, match=r"endless\.txt was given up after 0\.0233 min"):
            transcriber.transcribe(orders("endless on and on"))
        assert transcriber.transcribe(orders("short")).text == "short"
        assert transcriber.worker_pid == pid


def test_one_that_does_not_hear_ends_with_its_worker_and_costs_its_neighbour_nothing(
    crew: Path, orders: Orders
) -> None:
    limits = TimeLimits(floor=1, cpu=0.0, grace=1)
    with Transcriber(SETTINGS, limits=limits) as transcriber:
        transcriber.start()
        pid = transcriber.worker_pid
        with pytest.raises(WorkerError, match=r"deaf\.txt was given up"):
            transcriber.transcribe(orders("deaf on and on"))
        assert transcriber.transcribe(orders("short")).text == "short"
        assert transcriber.worker_pid != pid


def test_a_neighbour_of_one_that_does_not_hear_is_asked_of_another(
    crew: Path, orders: Orders
) -> None:
    limits = TimeLimits(floor=3, cpu=0.0, grace=2)
    environ = os.environ | {"CREW_CROWD": "1"}
    with Transcriber(SETTINGS, limits=limits, environ=environ) as transcriber:
        deaf = transcriber.submit(orders("deaf"))
        wait_for(lambda: transcriber.state == "busy")
        pid = transcriber.worker_pid
        wait_for(lambda: deaf._job.late is not None)
        beside = transcriber.submit(orders("beside wait"))
        wait_for(lambda: transcriber.workers[0].requests == 2)
        wait_for(lambda: transcriber.worker_pid not in (pid, None))
        (crew / "go").touch()
        news = list(beside.events())
        assert isinstance(news[-1], Done) and not any(isinstance(each, Retried) for each in news)
