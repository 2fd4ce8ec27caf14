"""What is loaded where: one worker for each GPU, left out where it can't, unloaded at rest."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError
from alternator.speech.engines.engine import Done
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.spread import cores

Orders = Callable[[str], Path]

SETTINGS = WhisperSettings(engine="crew", model="a crew")


def test_each_gpu_has_a_worker_and_the_least_loaded_gets_the_next(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_GPUS", "3")
    with Transcriber(SETTINGS) as transcriber:
        under_way = [transcriber.submit(orders("file0 wait"))]
        wait_for(lambda: len(transcriber.workers) == 3)
        # Those beside are loaded once there is more than one request.
        assert [worker.state for worker in transcriber.workers][1:] == ["stopped", "stopped"]
        for number in range(1, 9):
            under_way.append(transcriber.submit(orders(f"file{number} wait")))
            wait_for(lambda: transcriber.waiting == 0)
        wait_for(lambda: all(worker.state != "stopped" for worker in transcriber.workers))
        wait_for(lambda: "starting" not in [worker.state for worker in transcriber.workers])
        under_way += [transcriber.submit(orders(f"file{number} wait")) for number in range(9, 30)]
        wait_for(lambda: sum(worker.requests for worker in transcriber.workers) == 30)
        assert [worker.requests for worker in transcriber.workers] == [10, 10, 10]
        (crew / "go").touch()
        heard = set()
        for transcription in under_way:
            *_, last = transcription.events()
            assert isinstance(last, Done)
            heard.add(last.transcript.language)
    assert heard == {"cuda", "cuda:1", "cuda:2"}


@pytest.mark.parametrize(
    ("device", "workers", "places"),
    [(None, 0, 2), (None, 1, 1), ("cuda", 5, 2), ("cuda:1", 0, 1), ("cpu", 0, 1)],
)
def test_how_many_there_are_is_the_operators_and_the_machines_to_say(
    crew: Path, monkeypatch: pytest.MonkeyPatch, device: str | None, workers: int, places: int
) -> None:
    monkeypatch.setenv("CREW_GPUS", "2")
    settings = WhisperSettings(engine="crew", model="a crew", workers=workers)
    with Transcriber(settings, device=device) as transcriber:
        transcriber.start()
        assert len(transcriber.workers) == places


def test_a_gpu_that_is_dead_is_left_out_and_the_others_do_the_work(
    crew: Path,
    orders: Orders,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("CREW_GPUS", "2")
    monkeypatch.setenv("CREW_LOAD", "refuse@cuda float16")  # the first one's name has no number
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        first, second = transcriber.workers
        assert (first.state, first.why) == ("left out", "cuda is broken")
        assert (second.state, second.device) == ("ready", "cuda:1")
        assert transcriber.transcribe(orders("words")).language == "cuda:1"
    assert "device auto is left out for now: cuda is broken" in caplog.text


def test_where_all_are_dead_everybody_hears_why_and_the_next_one_has_a_try(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = os.environ | {"CREW_GPUS": "2", "CREW_LOAD": "refuse@cuda"}
    with Transcriber(SETTINGS, environ=environ) as transcriber:
        with pytest.raises(ModelError, match="is broken"):
            transcriber.start()
        environ["CREW_LOAD"] = ""
        assert transcriber.transcribe(orders("words")).text == "words"


def test_workers_on_the_cpu_share_its_cores(crew: Path, orders: Orders) -> None:
    settings = WhisperSettings(engine="crew", model="a crew", workers=2)
    with Transcriber(settings, threads=8) as transcriber:
        under_way = [transcriber.submit(orders(f"file{number} wait")) for number in range(4)]
        wait_for((crew / "loads").exists)
        wait_for(lambda: len((crew / "loads").read_text().splitlines()) == min(2, cores()))
        (crew / "go").touch()
        for transcription in under_way:
            assert isinstance(list(transcription.events())[-1], Done)
    loads = (crew / "loads").read_text().splitlines()
    assert [line for line in loads if line != "unloaded"] == [
        f"cpu 8 float32 {8 // min(2, cores())}"
    ] * min(2, cores())


def test_a_model_at_rest_is_unloaded_and_loaded_again_for_the_next_file(
    crew: Path, orders: Orders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "alternator")
    settings = WhisperSettings(engine="crew", model="a crew", idle_unload_minutes=0.02)
    with Transcriber(settings) as transcriber:
        long = transcriber.submit(orders("long wait"))
        wait_for(lambda: transcriber.state == "busy")
        pid = transcriber.worker_pid
        (crew / "go").touch()
        assert isinstance(list(long.events())[-1], Done)
        wait_for(lambda: transcriber.state == "unloaded")
        assert transcriber.worker_pid is None
        assert "unloaded" in (crew / "loads").read_text(), "the engine gave back what it held"
        assert "is unloaded after 0.02 min without work" in caplog.text
        assert transcriber.transcribe(orders("next")).text == "next"
        assert transcriber.worker_pid != pid


def test_without_a_limit_it_stays_loaded(crew: Path) -> None:
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        pid = transcriber.worker_pid
        assert pid is not None
        # What hangs at rest is replaced, and not unloaded.
        os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
        assert transcriber.state == "ready" and transcriber.worker_pid == pid
