"""Many requests under way at once, from several threads, at one worker or at several."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import WorkerError
from alternator.speech.engines.engine import CancelledRequestError, Done, Failed
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker import slot
from alternator.speech.worker.patience import Deadlines

Orders = Callable[[str], Path]

SETTINGS = WhisperSettings(engine="crew", model="a crew")


def test_requests_of_many_threads_are_under_way_together(crew: Path, orders: Orders) -> None:
    files = [orders(f"file{number} wait") for number in range(20)]
    with Transcriber(SETTINGS) as transcriber, ThreadPoolExecutor(20) as threads:
        asked = [threads.submit(transcriber.transcribe, path) for path in files]
        wait_for(lambda: transcriber.workers[0].requests == 20)
        (crew / "go").touch()
        texts = [future.result(30).text for future in asked]
    assert texts == [f"file{number} wait" for number in range(20)]


def test_a_worker_holds_so_many_and_the_others_wait_where_they_can_be_cancelled(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "MOST_IN_WORKER", 3)
    with Transcriber(SETTINGS) as transcriber:
        under_way = [transcriber.submit(orders(f"file{number} wait")) for number in range(6)]
        wait_for(lambda: transcriber.workers[0].requests == 3)
        assert transcriber.waiting == 3
        under_way[4].cancel()
        *_, last = under_way.pop(4).events()
        assert isinstance(last, Failed) and type(last.error) is CancelledRequestError
        assert transcriber.waiting == 2 and transcriber.workers[0].requests == 3
        (crew / "go").touch()
        for transcription in under_way:
            *_, last = transcription.events()
            assert isinstance(last, Done)


def test_what_is_urgent_waits_behind_nobody(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "MOST_IN_WORKER", 3)
    with Transcriber(SETTINGS) as transcriber:
        for number in range(6):
            transcriber.submit(orders(f"file{number} wait"))
        wait_for(lambda: transcriber.workers[0].requests == 3)
        *_, last = transcriber.submit(orders("spoken"), urgent=True).events()
        assert isinstance(last, Done) and last.transcript.text == "spoken"
        assert transcriber.waiting == 3
        (crew / "go").touch()


def test_a_worker_that_was_stopped_holds_up_no_submission(crew: Path, orders: Orders) -> None:
    deadlines = Deadlines(hung=1, silence=3)
    with Transcriber(SETTINGS, deadlines=deadlines) as transcriber:
        transcriber.start()
        assert transcriber.worker_pid is not None
        os.kill(transcriber.worker_pid, signal.SIGSTOP)
        under_way = [transcriber.submit(orders(f"file{number}")) for number in range(200)]
        for transcription in under_way:
            *_, last = transcription.events()
            assert isinstance(last, Done), "another worker was started"


def test_close_fails_what_is_under_way_and_what_waits(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "MOST_IN_WORKER", 2)
    threads = threading.active_count()
    transcriber = Transcriber(SETTINGS)
    under_way = [transcriber.submit(orders(f"file{number} wait")) for number in range(4)]
    wait_for(lambda: transcriber.workers[0].requests == 2)
    transcriber.close()
    for transcription in under_way:
        *_, last = transcription.events()
        assert isinstance(last, Failed) and str(last.error) == "the transcriber was closed"
    with pytest.raises(WorkerError, match="the transcriber is closed"):
        transcriber.submit(orders("late"))
    transcriber.close()
    wait_for(lambda: threading.active_count() <= threads)  # an earlier test's may end meanwhile


def test_a_defect_of_ours_leaves_nobody_waiting(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object, job: object) -> str:
        raise ZeroDivisionError("of ours")

    with Transcriber(SETTINGS) as transcriber:
        with monkeypatch.context() as patched:
            patched.setattr(slot.Slot, "offer", broken)
            with pytest.raises(WorkerError, match="unexpected ZeroDivisionError: of ours"):
                transcriber.transcribe(orders("words"))
        assert "raise ZeroDivisionError" in caplog.text
        assert transcriber.transcribe(orders("words")).text == "words"
