"""How many workers there are, on what, and with how many threads."""

from pathlib import Path

import pytest

from alternator.speech.engines.engine import LoadOptions
from alternator.speech.worker import spread
from alternator.speech.worker.protocol import Load
from alternator.speech.worker.spread import cores, places_beside, threads_of_each


def load(device: str) -> Load:
    options = LoadOptions(model_dir=Path("/m"))
    return Load(engine="alternator", model="base", device=device, options=options)


@pytest.mark.parametrize(
    ("wanted", "found", "gpus", "workers", "beside"),
    [
        ("auto", "cuda", 4, 0, ["cuda:1", "cuda:2", "cuda:3"]),
        ("rocm", "cuda", 2, 0, ["rocm:1"]),
        ("cuda", "cuda", 4, 2, ["cuda:1"]),
        ("cuda", "cuda", 1, 0, []),
        ("cuda:1", "cuda:1", 4, 0, []),
        ("auto", "cuda:1", 4, 0, []),  # what the entrypoint proved
        ("auto", "mps", 0, 0, []),
        ("auto", "cpu", 0, 0, []),
        ("auto", "cpu", 0, 3, ["auto", "auto"]),
        ("cpu", "cpu", 2, 9, ["cpu"] * 3),  # as many as cores
    ],
)
# size: a row of the table is one case.
def test_one_for_each_gpu_or_as_many_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    found: str,
    gpus: int,
    workers: int,
    beside: list[str],
) -> None:
    monkeypatch.setattr(spread, "cores", lambda: 4)
    assert [each.device for each in places_beside(load(wanted), found, gpus, workers)] == beside


def test_more_workers_than_there_is_room_for_are_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spread, "cores", lambda: 2)
    places_beside(load("cpu"), "cpu", 0, 5)
    places_beside(load("auto"), "cuda", 2, 8)
    assert [record.getMessage() for record in caplog.records] == [
        "[whisper] workers is 5; there are 2, as many as cores",
        "[whisper] workers is 8; there are 2, as many as GPUs",
    ]


def test_together_they_have_no_more_threads_than_cores() -> None:
    assert threads_of_each(0, 0, 8) == threads_of_each(1, 0, 8) == 0, "the engine's own number"
    assert threads_of_each(1, 6, 8) == 6
    assert threads_of_each(3, 0, 8) == 2
    assert threads_of_each(2, 6, 8) == 3
    assert threads_of_each(16, 0, 8) == 1
    assert cores() >= 1
