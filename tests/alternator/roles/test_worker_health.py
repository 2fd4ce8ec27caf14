"""What a worker says of itself in the cluster's list."""

from types import SimpleNamespace
from typing import Any, cast

from alternator.errors import SpeechServerAwayError
from alternator.roles.hearing import Hearing
from alternator.roles.worker_health import WorkerHealth
from alternator.speech.worker.slot import WorkerReport

QUEUE = cast("Any", SimpleNamespace(under_way=2, taking=True))
STORE = cast("Any", None)


def hearing() -> Hearing:
    return Hearing(lambda: 0.0)


def worker(**of: Any) -> WorkerReport:
    well: dict[str, Any] = {"device": "cpu", "state": "ready", "pid": 1, "requests": 0, "why": ""}
    return WorkerReport(**well | of)


def speech(state: str, *workers: WorkerReport) -> Any:
    return SimpleNamespace(state=state, workers=workers)


def test_one_that_only_sees_has_no_devices():
    assert WorkerHealth(STORE, QUEUE, None, hearing()).facts() == {"under_way": 2, "devices": []}


def test_one_that_hears_says_by_what():
    health = WorkerHealth(STORE, QUEUE, speech("ready", worker()), hearing())
    assert health.facts() == {"under_way": 2, "devices": ["cpu"], "speech": "ready"}


def test_what_it_has_to_do_without_is_told():
    away = worker(device="http://serve:8000/v1", state="left out", why="it can't be reached")
    health = WorkerHealth(STORE, QUEUE, speech("ready", away, worker()), hearing())
    assert health.facts()["without"] == ["it can't be reached"]
    assert health.report()[0] == 200  # no restart mends that


def test_why_it_hears_nothing_is_told():
    deaf = hearing()
    deaf.failed(SpeechServerAwayError("http://serve:8000/v1 can't be reached"))
    health = WorkerHealth(STORE, QUEUE, speech("ready", worker()), deaf)
    assert health.facts()["deaf"] == "http://serve:8000/v1 can't be reached"
    assert health.report()[1]["deaf"] == "http://serve:8000/v1 can't be reached"
    assert health.report()[0] == 200  # nor is that mended by a restart
    deaf.probed(None)
    assert "deaf" not in health.facts() and "deaf" not in health.report()[1]
