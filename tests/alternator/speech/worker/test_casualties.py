"""What becomes of requests whose worker came to grief: real workers, killed by real signals."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.errors import AlternatorError, ModelError, OutOfMemoryError, WorkerError
from alternator.speech.engines.engine import Done, Failed, LoadOptions, Request
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber, Transcription
from alternator.speech.worker.casualties import Casualties
from alternator.speech.worker.held import Ending, Lost
from alternator.speech.worker.job import Job
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load, Retried
from alternator.speech.worker.slot import Slot

Orders = Callable[[str], Path]

SETTINGS = WhisperSettings(engine="crew", model="a crew")


def outcome(transcription: Transcription) -> tuple[str | AlternatorError, list[str]]:
    """The text or the error of it, and what was told of further tries."""
    news = list(transcription.events())
    last = news[-1]
    told = [event.text for event in news if isinstance(event, Retried)]
    if isinstance(last, Done):
        return last.transcript.text, told
    assert isinstance(last, Failed)
    return last.error, told


def loads(crew: Path) -> list[str]:
    return [line for line in (crew / "loads").read_text().splitlines() if line != "unloaded"]


def processes_of(crew: Path) -> list[str]:
    """Those that the engine's folder was handed to: the workers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(crew).encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_of_ten_under_way_nine_finish_and_the_one_that_kills_fails_alone(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CREW_CROWD", "10")
    threads = threading.active_count()
    files = [orders(f"file{number}") for number in range(9)]
    files.insert(4, orders("poison die"))
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        under_way = [transcriber.submit(path) for path in files]
        outcomes = [outcome(transcription) for transcription in under_way]
        poisoned, told = outcomes.pop(4)
        assert [text for text, _ in outcomes] == [f"file{number}" for number in range(9)]
        # One crash for the nine; then each of them alone, with half the batch.
        for number, (_, lines) in enumerate(outcomes):
            (line,) = lines
            assert line.startswith(
                f"file{number}.txt is tried again alone, with batches of 4: the speech worker died "
                f"of SIGKILL while at work; "
            )
        assert isinstance(poisoned, WorkerError)
        assert (
            "poison.txt was tried 3 times, the last time alone, with batches of 4, in int8, "
            in (str(poisoned))
        )
        assert [line.partition(":")[0] for line in told] == [
            "poison.txt is tried again alone, with batches of 4",
            "poison.txt is tried again alone, with batches of 4, in int8",
        ]
        # A second crash, of the one alone, which then lets the others go first.
        batches = ["cpu 8 float32 0", "cpu 4 float32 0", "cpu 4 float32 0", "cpu 4 int8 0"]
        assert loads(crew) == batches
        (crew / "go").touch()
        # The next one has all that is configured.
        assert transcriber.transcribe(orders("after")).text == "after"
        assert loads(crew)[4:] == ["cpu 8 float32 0"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 3, "one line for each crash"
    assert "file0.txt, file1.txt" in warnings[0] and "are tried again one by one" in warnings[0]
    wait_for(lambda: threading.active_count() == threads)
    assert not processes_of(crew)


def test_new_requests_go_on_after_a_crash(crew: Path, orders: Orders) -> None:
    """What comes later is computed together again, once those from before the crash are done."""
    with Transcriber(SETTINGS) as transcriber:
        bad = transcriber.submit(orders("poison die"))
        good = transcriber.submit(orders("good wait"))
        later = [transcriber.submit(orders(f"later{number}")) for number in range(3)]
        (crew / "go").touch()
        assert isinstance(outcome(bad)[0], WorkerError)
        assert outcome(good)[0] == "good wait"
        assert [outcome(each)[0] for each in later] == ["later0", "later1", "later2"]


def test_a_gpu_that_a_file_kills_is_followed_by_the_cpu(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_GPUS", "1")
    with Transcriber(SETTINGS) as transcriber:
        text, told = outcome(transcriber.submit(orders("heavy die-on-gpu")))
        assert text == "heavy die-on-gpu"
        assert told[-1].startswith("heavy.txt is tried again alone, with batches of 4, on the CPU:")
        assert transcriber.transcribe(orders("next")).language == "cuda"
    assert loads(crew) == [
        "cuda 8 float16 0",
        "cuda 4 float16 0",
        "cpu 4 float32 0",
        "cuda 8 float16 0",
    ]


def test_too_little_memory_for_a_clip_takes_the_same_steps(
    crew: Path, orders: Orders, caplog: pytest.LogCaptureFixture
) -> None:
    with Transcriber(SETTINGS) as transcriber:
        beside = transcriber.submit(orders("beside wait"))
        news = transcriber.submit(orders("hungry hungry")).events()
        again = next(event for event in news if isinstance(event, Retried))
        assert again.text == (
            "hungry.txt is tried again alone, with batches of 4: the clip needs 3 GB"
        )
        (crew / "go").touch()
        *_, last = news
        assert isinstance(last, Done) and last.transcript.text == "hungry hungry"
        assert outcome(beside) == ("beside wait", []), "its neighbour was under way all along"
        error, told = outcome(transcriber.submit(orders("greedy greedy")))
        assert type(error) is OutOfMemoryError and len(told) == 2
        assert str(error) == (
            "the clip needs 3 GB. greedy.txt was tried 3 times, the last time alone, with batches "
            "of 4, in int8, and is given up"
        )
    assert again.text in caplog.text


def test_one_that_is_cancelled_is_not_tried_again(crew: Path, orders: Orders) -> None:
    with Transcriber(SETTINGS) as transcriber:
        news = transcriber.submit(orders("endless endless"))
        other = transcriber.submit(orders("poison die"))
        news.cancel()
        error, told = outcome(news)
        assert str(error) in ("the transcription was cancelled", "put down") and not told
        other.cancel()
        outcome(other)


def test_a_model_that_does_not_fit_is_loaded_with_less_and_it_is_said(
    crew: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CREW_GPUS", "1")
    monkeypatch.setenv("CREW_LOAD", "memory@float16")
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        (worker,) = transcriber.workers
        assert worker.why == "in int8, since cuda has 2 GB free, and a crew needs 3 GB"
        assert transcriber.transcribe(orders("words")).language == "cuda"
    assert loads(crew) == ["cuda 8 float16 0", "cuda 1 float16 0", "cuda 1 int8 0"]
    assert "cuda has 2 GB free, and a crew needs 3 GB; it is tried again in int8" in caplog.text


def test_a_precision_that_a_gpu_refuses_is_passed_over(
    crew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_GPUS", "1")
    monkeypatch.setenv("CREW_LOAD", "memory@float16,refuse@cuda int8")
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        (worker,) = transcriber.workers
        assert worker.device == "cpu"
        assert worker.why == "on the CPU, since cuda has 2 GB free, and a crew needs 3 GB"
    assert loads(crew)[-2:] == ["cuda 1 int8 0", "cpu 1 float32 0"]


def test_a_gpu_that_was_asked_for_is_not_replaced_by_the_cpu(
    crew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREW_GPUS", "1")
    monkeypatch.setenv("CREW_LOAD", "memory@cuda")
    with Transcriber(SETTINGS, device="cuda") as transcriber, pytest.raises(ModelError) as caught:
        transcriber.start()
    assert str(caught.value) == "cuda has 2 GB free, and a crew needs 3 GB"
    with Transcriber(SETTINGS) as transcriber:
        transcriber.start()
        (worker,) = transcriber.workers
        assert worker.device == "cpu"
        assert worker.why == "on the CPU, since cuda has 2 GB free, and a crew needs 3 GB"


def test_a_worker_that_dies_of_its_model_each_time_is_told(crew: Path, orders: Orders) -> None:
    with Transcriber(SETTINGS, environ={"PYTHONPATH": str(crew), "CREW_LOAD": "die@cpu"}) as it:
        with pytest.raises(WorkerError, match="died of SIGKILL while loading the model"):
            it.transcribe(orders("words"))
        assert it.state == "stopped"


def test_one_that_no_worker_begins_with_is_not_asked_again_for_ever() -> None:
    """Each worker dies before it begins with it."""
    waiting: list[Job] = []
    casualties = Casualties(waiting.append)
    options = LoadOptions(model_dir=Path("/nowhere"))
    slot = Slot(Load(engine="crew", model="a crew", device="cpu", options=options), no_worker)
    request = Request(id="1", path=Path("/x.wav"), limit_seconds=None, options=DecodingOptions())
    job = Job(request=request, number=1)
    for number in (1, 2, 3):
        ending = Ending(error=WorkerError(f"death {number}"), cause="died")
        casualties.lost(slot, job, Lost(ending=ending, begun=False))
    assert waiting == [job, job]
    last = job.mailbox.get_nowait()
    assert isinstance(last, Failed) and str(last.error) == "death 3"
    assert job.mailbox.empty() and not slot.struck


def no_worker(load: Load, on_change: Callable[[], None], /) -> WorkerProcess:
    raise AssertionError("none is started")
